// The first screen: which language, what this is, and two things to do.
import { make } from "./dom.js";
import { formScreen } from "./form.js";
import { mailScreen } from "./mail.js";
import { noticesAbove } from "./notices.js";
import { draw, heading, show } from "./screens.js";
import { knows, LANGUAGES, say, speak, speaks } from "./words.js";
import { UNTIL_DAYS } from "./duty.js";
import { oneFileCard } from "./one-file.js";

/** @type {import("./screens.js").Screen} */
export function startScreen() {
  return [
    ...noticesAbove(),
    heading("title"),
    languages(),
    make("p", {}, say("lead")),
    make("p", { class: "warn" }, say("alone")),
    make("button", { class: "wide", type: "button", onclick: () => show(formScreen) }, say("tell")),
    make("button", { class: "wide plain", type: "button", onclick: () => show(mailScreen) }, say("reply")),
    // All that follows comes a moment later; the screen works without it.
    ...(knows("before") ? [card("before", 3), card("know", 2, { n: UNTIL_DAYS }), oneFileCard()] : []),
  ];
}

/** One button for each language, in its own letters. */
export function languages() {
  const buttons = Object.entries(LANGUAGES).map(([code, name]) =>
    make("li", {}, make("button", {
      type: "button", class: "plain", id: `speak-${code}`, lang: code, "aria-pressed": String(code === speaks()),
      onclick: () => { speak(/** @type {import("./words.js").Language} */ (code)); draw(); },
    }, name)));
  return make("ul", { class: "languages", "aria-label": say("language") }, ...buttons);
}

/**
 * A card of a few sentences that opens.
 *
 * @param {string} key
 * @param {number} n_sentences
 * @param {Record<string, number>} [values]
 */
function card(key, n_sentences, values) {
  const sentences = Array.from({ length: n_sentences }, (_, at) => make("li", {}, say(`${key}.${at + 1}`, values)));
  return make("details", { class: "card", id: key }, make("summary", {}, say(key)), make("ul", {}, ...sentences));
}
