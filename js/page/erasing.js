// Erasure is a sealed message that the desk acts on; the page says when the rest is gone.
import { send, sentenceFor } from "./delivery.js";
import { make } from "./dom.js";
import { sheet, UNTIL_DAYS } from "./duty.js";
import { draw, tell } from "./screens.js";
import { date, say } from "./words.js";

let wasAsked = false;

/** @param {import("./delivery.js").Thread} thread */
export function eraseCard(thread) {
  const day = date((sheet()?.day ?? 0) + UNTIL_DAYS);
  if (wasAsked) return make("section", {}, make("p", {}, say("mail.erased", { date: day })));
  return make("details", { class: "card", id: "erase" },
    make("summary", {}, say("mail.erase")),
    make("p", {}, say("mail.erase.sure", { date: day })),
    make("button", { type: "button", onclick: () => void erase(thread) }, say("mail.erase")));
}

/** @param {import("./delivery.js").Thread} thread */
async function erase(thread) {
  try {
    await send(thread, { kind: "erase" });
    wasAsked = true;
    draw();
    tell("");
  } catch (trouble) {
    tell(sentenceFor(trouble));
  }
}
