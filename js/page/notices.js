// What stands above every first screen: an exercise is one, a draft translation is one.
import { make } from "./dom.js";
import { say, speaks } from "./words.js";
import { sheet } from "./duty.js";

/** @returns {(HTMLElement | false)[]} */
export function noticesAbove() {
  const known = sheet();
  return [
    known?.exercise === true && make("p", { class: "exercise", role: "note" }, say("exercise")),
    !known?.checked.has(speaks()) && say("draft") !== "" && make("p", { class: "small", role: "note" }, say("draft")),
  ];
}
