// Fields that keep nothing but what is on screen: no spell check, no completion, no translation, no storage.
import { make } from "./dom.js";
import { say } from "./words.js";

/** What keeps browsers and keyboards from remembering. */
const FORGET = {
  autocomplete: "off", autocorrect: "off", autocapitalize: "off", spellcheck: "false", translate: "no",
  "data-gramm": "false", "data-lpignore": "true",
};

/**
 * A line or a box to write in.
 *
 * @param {Record<string, any>} answers where what is typed is kept
 * @param {string} name of the answer; the question is `q.<name>`, its hint `q.<name>.hint`
 * @param {{ lines?: number, tall?: boolean, most?: number, required?: boolean, type?: string, label?: string, hint?: string, id?: string }} [how]
 */
export function field(answers, name, { lines = 1, tall = false, most = 400, required = false, type = "text", label, hint, id = `f-${name}` } = {}) {
  const hinted = hint ?? say(`q.${name}.hint`);
  const common = {
    ...FORGET, id, maxlength: most, required, dir: type === "text" ? "auto" : null,
    "aria-describedby": hinted ? `${id}-hint` : null,
    oninput: (/** @type {{ target: HTMLInputElement }} */ event) => { answers[name] = event.target.value; },
  };
  const box = lines > 1 ? make("textarea", { ...common, rows: lines, class: tall ? "tall" : "" }) : make("input", { ...common, type });
  box.value = answers[name] ?? "";
  return make("div", {},
    make("label", { for: id }, label ?? say(`q.${name}`)),
    hinted ? make("p", { class: "hint", id: `${id}-hint` }, hinted) : null,
    box);
}

/**
 * A question with a few answers; none is chosen at first, and what is not chosen is unknown, never no.
 *
 * @param {Record<string, any>} answers
 * @param {string} name
 * @param {readonly (readonly [string, string])[]} choices value and key of its words
 * @param {() => void} [changed]
 */
export function choice(answers, name, choices, changed) {
  const radios = choices.map(([value, key]) =>
    make("label", { class: "choice" },
      make("input", {
        type: "radio", name, value, autocomplete: "off", checked: answers[name] === value,
        onchange: () => { answers[name] = value; changed?.(); },
      }),
      say(key)));
  const hint = say(`q.${name}.hint`);
  return make("fieldset", { "aria-describedby": hint ? `f-${name}-hint` : null },
    make("legend", {}, say(`q.${name}`)),
    hint ? make("p", { class: "hint", id: `f-${name}-hint` }, hint) : null,
    make("div", { class: "choices" }, ...radios));
}

/** Yes, no, or I do not know. */
export const YES_NO = /** @type {const} */ ([["yes", "yes"], ["no", "no"], ["unsure", "unsure"]]);

/**
 * A list to choose from.
 *
 * @param {Record<string, any>} answers
 * @param {string} name
 * @param {readonly (readonly [string, string])[]} choices value and its words
 */
export function pick(answers, name, choices) {
  const id = `f-${name}`;
  const options = choices.map(([value, words]) => make("option", { value, selected: value === answers[name] }, words));
  return make("div", {},
    make("label", { for: id }, say(`q.${name}`)),
    make("select", {
      id, autocomplete: "off",
      onchange: (/** @type {{ target: HTMLSelectElement }} */ event) => { answers[name] = event.target.value; },
    }, make("option", { value: "" }, say("choose")), ...options));
}
