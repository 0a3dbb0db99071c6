// Replies: the receipt is typed, slots of one size are fetched, and what opens is shown. A wrong receipt finds nothing.
import { make } from "./dom.js";
import { sentenceFor } from "./delivery.js";
import { eraseCard } from "./erasing.js";
import { field } from "./fields.js";
import { sealing } from "./lazy.js";
import { messageCard } from "./messages.js";
import { ask } from "./relay.js";
import { heading, show, tell } from "./screens.js";
import { startScreen } from "./start.js";
import { say } from "./words.js";

/** What is typed; forgotten as soon as it was read. */
const typed = { receipt: "" };

/** @type {import("./screens.js").Screen} */
export function mailScreen() {
  return [
    heading("mail"),
    make("form", { autocomplete: "off", novalidate: true, onsubmit: openMail },
      field(typed, "receipt", { lines: 3, label: say("mail.receipt"), hint: say("mail.receipt.hint") }),
      make("button", { class: "wide" }, say("mail.open"))),
    make("button", { type: "button", class: "wide plain", onclick: () => show(startScreen) }, say("back")),
  ];
}

/** @param {Event} event */
async function openMail(event) {
  event.preventDefault();
  const { BadReceipt, Receipt } = await sealing();
  try {
    const receipt = Receipt.parse(typed.receipt);
    tell(say("loading"));
    const mail = await fetchMail(receipt);
    typed.receipt = "";
    show(boxScreen({ receipt, sending: mail.nextSending }, mail));
  } catch (trouble) {
    tell(trouble instanceof BadReceipt ? say(`mail.${trouble.code}`, { n: trouble.n }) : sentenceFor(trouble));
  }
}

/** @param {import("../crypto/receipt.js").Receipt} receipt */
async function fetchMail(receipt) {
  const { openWith, readMail } = await sealing();
  const headers = { "Content-Type": "application/octet-stream" };
  return readMail(receipt, {
    ask: async (asked) => {
      const body = /** @type {Uint8Array<ArrayBuffer>} */ (asked);
      return new Uint8Array(await (await ask("mailboxes", { method: "POST", headers, body })).arrayBuffer());
    },
    // Filler does not open, and nothing says why: an empty slot and a wrong receipt are the same.
    open: (file) => openWith(file, receipt.replySeed).catch(() => null),
  });
}

/**
 * @param {import("./delivery.js").Thread} thread
 * @param {import("../wire/mailbox.js").Mail} mail
 * @returns {import("./screens.js").Screen}
 */
function boxScreen(thread, mail) {
  return () => [
    heading("mail"),
    mail.messages.length === 0 && make("p", {}, say("mail.none")),
    mail.hasForeign && make("p", { class: "warn" }, say("mail.foreign")),
    ...mail.messages.map((message) => messageCard(thread, message)),
    eraseCard(thread),
    make("button", { type: "button", class: "wide plain", onclick: () => show(startScreen) }, say("mail.close")),
  ];
}
