// From the questions to the receipt; whatever goes wrong, the form comes back with all words in it.
import { make } from "./dom.js";
import { heading, show, tell } from "./screens.js";
import { say } from "./words.js";

/**
 * How this page lets words go: to the relay, or as text to paste.
 *
 * @typedef {() => Promise<import("./screens.js").Screen>} Delivering seals what was typed and gives the screen that follows
 * @typedef {(trouble: unknown) => string} Explaining
 */

/** @type {{ go: Delivering, explain: Explaining }} */
let way;

/**
 * @param {Delivering} go
 * @param {Explaining} explain
 */
export function deliverBy(go, explain) {
  way = { go, explain };
}

/**
 * Seal what was typed and let it go.
 *
 * @param {import("./screens.js").Screen} formScreen
 */
export async function deliver(formScreen) {
  show(() => [heading("send"), make("progress", { "aria-label": say("sealing") })]);
  try {
    show(await way.go());
  } catch (trouble) {
    show(formScreen);
    tell(way.explain(trouble));
  }
}
