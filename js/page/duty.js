// Who can open what is written here: today's list, checked, and said as it is.
import { make } from "./dom.js";
import { sealing } from "./lazy.js";
import { askBytes, coalition } from "./relay.js";
import { say } from "./words.js";

/** @typedef {import("../wire/sheet.js").Sheet} Sheet */

/** After so many days the relay drops what lies sealed. */
export const UNTIL_DAYS = 14;

/** @type {Sheet | null} */
let known = null;

/** The list, once it was fetched and every signature on it held. */
export function sheet() {
  return known;
}

/** Fetch the list and check it. Raises what `readSheet` raises. */
export async function learnDuty() {
  const { readSheet } = await sealing();
  known = await readSheet(coalition(), (path) => askBytes(path));
  return known;
}

/** Take a list that came with the page, as in one file. @param {Sheet} given */
export function knowDuty(given) {
  known = given;
}

/** Who reads this, and honestly when nobody does. */
export function dutyLines() {
  if (!known) return [];
  return [
    make("p", { class: "small" }, say("readers", { n: known.readers.length }), " ", known.staleDays === 0 && say("usually")),
    known.staleDays > 0 && make("p", { class: "warn" }, say("stale", { n: known.staleDays })),
  ];
}

export function usuallyLine() {
  return make("p", {}, known && known.staleDays > 0 ? say("stale", { n: known.staleDays }) : say("usually"));
}
