// It was sent: the receipt, to be written down by hand, and what happens now.
import { make } from "./dom.js";
import { filesCard } from "./attaching.js";
import { draw, heading, show } from "./screens.js";
import { startScreen } from "./start.js";
import { say } from "./words.js";
import { usuallyLine } from "./duty.js";

/** @typedef {import("../crypto/receipt.js").Receipt} Receipt */

/** The ways to write a receipt; the last three are the same forty digits. */
const WAYS = /** @type {const} */ (["words", "phones", "prices", "digits"]);

let way = /** @type {typeof WAYS[number]} */ ("words");

/**
 * @param {import("./delivery.js").Thread} thread
 * @returns {import("./screens.js").Screen}
 */
export function sentScreen(thread) {
  return () => [
    heading("sent"),
    writtenCard(thread.receipt),
    make("section", {},
      make("h2", {}, say("sent.next")),
      usuallyLine(),
      make("ul", {}, ...[1, 2, 3].map((at) => make("li", {}, say(`sent.next.${at}`))))),
    filesCard(thread),
    make("button", { type: "button", class: "wide plain", onclick: () => { way = "words"; show(startScreen); } }, say("files.done")),
  ];
}

/**
 * The receipt, in the way somebody chose.
 *
 * @param {Receipt} receipt
 */
export function writtenCard(receipt) {
  return make("section", { "aria-labelledby": "receipt-is" },
    make("p", { id: "receipt-is" }, make("strong", {}, say("sent.receipt"))),
    written(receipt),
    make("details", { id: "disguise" }, make("summary", {}, say("sent.hide")), make("p", { class: "hint" }, say("sent.digits.hint")), ways()));
}

function ways() {
  const buttons = WAYS.map((name) => make("button", {
    type: "button", class: "plain", id: `as-${name}`, "aria-pressed": String(name === way), onclick: () => { way = name; draw(); },
  }, say(`sent.${name}`)));
  return make("div", { class: "row" }, ...buttons);
}

/** @param {Receipt} receipt */
function written(receipt) {
  if (way === "words") {
    const words = receipt.words.map((word, at) => make("li", {}, make("small", {}, `${at + 1} `), word));
    return make("ol", { class: "receipt", translate: "no", dir: "ltr" }, ...words);
  }
  const lines = disguise(receipt.digits).map((line) => make("li", {}, line));
  return make("ol", { class: "receipt digits", translate: "no", dir: "ltr" }, ...lines);
}

/** @param {string} digits */
function disguise(digits) {
  if (way === "phones") return cut(digits, 10).map((part) => part.replace(/(...)(...)(..)(..)/, "($1) $2-$3-$4"));
  if (way === "prices") return cut(digits, 4).map((part) => part.replace(/(..)(..)/, "$1.$2"));
  return cut(digits, 20).map((part) => cut(part, 5).join(" "));
}

/**
 * @param {string} text
 * @param {number} size
 */
function cut(text, size) {
  return text.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
}
