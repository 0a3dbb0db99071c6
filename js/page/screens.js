// One screen at a time in <main>. Screens are no places in the history, so "back" tells nobody what was done here.
import { fill, find, make } from "./dom.js";
import { leave } from "./leave.js";
import { LANGUAGES, say, speak, speaks } from "./words.js";

/** @typedef {() => (Node | string | null | undefined | false)[]} Screen */

/** @type {Screen} */
let shown = () => [];

/**
 * Show another screen and read its heading out.
 *
 * @param {Screen} screen
 */
export function show(screen) {
  shown = screen;
  drawAnew();
  tell("");
  scrollTo(0, 0);
  (find("main").querySelector("h1") ?? find("main")).focus();
}

/** Draw the screen again, after a change of what it shows. What was typed is kept; focus and opened parts stay. */
export function draw() {
  const opened = Array.from(document.querySelectorAll("details[open][id]"), ({ id }) => id);
  const focused = placeOf(document.activeElement);
  drawAnew();
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) /** @type {HTMLElement | null} */ (document.querySelector(focused))?.focus();
}

/**
 * How to find an element again after it was drawn anew.
 *
 * @param {Element | null} element
 */
function placeOf(element) {
  if (element?.id && element.id !== "main") return `#${element.id}`;
  return element instanceof HTMLInputElement ? `input[name="${element.name}"][value="${element.value}"]` : null;
}

function drawAnew() {
  fill("top", make("div", {}, chooser(), make("button", { type: "button", class: "leave", onclick: leave }, say("leave"))));
  fill("main", ...shown());
}

/**
 * Say what is going on, on screen and to screen readers.
 *
 * @param {string} sentence
 */
export function tell(sentence) {
  find("status").textContent = sentence;
}

/**
 * The heading that focus goes to.
 *
 * @param {string} key
 */
export function heading(key) {
  return make("h1", { tabindex: -1 }, say(key));
}

function chooser() {
  const options = Object.entries(LANGUAGES).map(([code, name]) =>
    make("option", { value: code, lang: code, selected: code === speaks() }, name),
  );
  const choose = (/** @type {{ target: HTMLSelectElement }} */ event) => {
    speak(/** @type {import("./words.js").Language} */ (event.target.value));
    draw();
  };
  return make("select", { id: "language", "aria-label": say("language"), autocomplete: "off", onchange: choose }, ...options);
}
