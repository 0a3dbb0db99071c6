// The questions: two minutes, one screen, nothing required but that something is said.
import { make } from "./dom.js";
import { choice, field, pick, YES_NO } from "./fields.js";
import { countries } from "./places.js";
import { draw, heading, tell } from "./screens.js";
import { dutyLines, sheet } from "./duty.js";
import { readQuestions } from "./questions.js";
import { deliver } from "./sending.js";
import { hasWords, testimony } from "./testimony.js";
import { knows, say } from "./words.js";

const WHOSE = /** @type {const} */ ([["me", "whose.me"], ["other", "whose.other"], ["taken", "whose.taken"]]);
const WHEN = ["now", "today", "week", "month", "before"];

/** @type {import("./screens.js").Screen} */
export function formScreen() {
  return [
    heading("tell"),
    make("p", { class: "small" }, say("form.lead")),
    ...dutyLines(),
    make("form", { autocomplete: "off", novalidate: true, onsubmit: send }, ...questions(), make("button", { class: "wide" }, say("send"))),
    make("p", { class: "small" }, say("form.lost")),
  ];
}

function questions() {
  return [
    field(testimony, "what", { lines: 6, tall: true, most: 9000 }),
    choice(testimony, "whose", WHOSE, draw),
    ...(testimony.whose === "taken" ? [field(testimony, "taker"), choice(testimony, "consent", YES_NO)] : []),
    choice(testimony, "danger", YES_NO),
    choice(testimony, "named", YES_NO, draw),
    testimony.named === "yes" && field(testimony, "warn", { lines: 3, most: 1500 }),
    pick(testimony, "country", countries()),
    ...readQuestions(sheet()?.common["form"]).map(asked),
  ];
}

/** One that the coalition chose. @param {string} question */
function asked(question) {
  if (question === "more") return more();
  if (question === "when") return pick(testimony, "when", WHEN.map((value) => [value, say(`when.${value}`)]));
  // An own question that nobody has put into words yet is not asked.
  if (!knows(`q.${question.replace(/\?$/, "")}`)) return false;
  return question.endsWith("?") ? choice(testimony, question.slice(0, -1), YES_NO) : field(testimony, question);
}

/** What helps to find a place for people; most leave it closed. */
function more() {
  return make("details", { class: "card", id: "more" },
    make("summary", {}, say("more")),
    choice(testimony, "held", YES_NO),
    choice(testimony, "hurt", YES_NO),
    field(testimony, "people", { type: "number", most: 3 }),
    field(testimony, "children", { type: "number", most: 3 }),
    choice(testimony, "care", YES_NO),
    choice(testimony, "stairs", YES_NO),
    field(testimony, "leaveBy", { type: "date", most: 10 }));
}

/** @param {Event} event */
function send(event) {
  event.preventDefault();
  if (hasWords()) void deliver(formScreen);
  else tell(say("form.empty"));
}
