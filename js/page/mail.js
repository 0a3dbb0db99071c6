// Replies: the receipt is typed, eight slots of one size are fetched, and what opens is shown. A wrong receipt finds nothing.
import { make } from "./dom.js";
import { field } from "./fields.js";
import { readMailbox } from "./delivery.js";
import { messageCard } from "./messages.js";
import { heading, show, tell } from "./screens.js";
import { sealing } from "./lazy.js";
import { startScreen } from "./start.js";
import { say } from "./words.js";

/** What is typed; forgotten as soon as it was read. */
const typed = { receipt: "" };

/** @type {import("./screens.js").Screen} */
export function mailScreen() {
  return [
    heading("mail"),
    make("form", { autocomplete: "off", novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void openMail(); } },
      field(typed, "receipt", { lines: 3, label: say("mail.receipt"), hint: say("mail.receipt.hint") }),
      make("button", { class: "wide" }, say("mail.open"))),
    make("button", { type: "button", class: "wide plain", onclick: () => show(startScreen) }, say("back")),
  ];
}

async function openMail() {
  const { BadReceipt, Receipt } = await sealing();
  try {
    const receipt = Receipt.parse(typed.receipt);
    tell(say("loading"));
    const box = await readMailbox(receipt);
    typed.receipt = "";
    show(boxScreen(box));
  } catch (trouble) {
    if (!(trouble instanceof BadReceipt)) throw trouble;
    tell(say(`mail.${trouble.code}`, { n: trouble.n }));
  }
}

/**
 * @param {import("./delivery.js").Box} box
 * @returns {import("./screens.js").Screen}
 */
function boxScreen(box) {
  return () => [
    heading("mail"),
    box.messages.length === 0 && make("p", {}, say("mail.none")),
    ...box.messages.map((message) => messageCard(box, message)),
    make("button", { type: "button", class: "wide plain", onclick: () => show(startScreen) }, say("mail.close")),
  ];
}
