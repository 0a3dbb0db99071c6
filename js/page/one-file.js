// The same page as one file, for where there is no network: it seals to the month's file keys and gives text to paste.
import { make } from "./dom.js";
import { sheet } from "./duty.js";
import { say } from "./words.js";

/** The card that offers it, where there are file keys to put inside. */
export function oneFileCard() {
  if (!sheet()) return null;
  return make("details", { class: "card", id: "one" }, make("summary", {}, say("one")), make("p", {}, say("one.lead")));
}
