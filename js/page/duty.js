// Who can open what is written here: today's list, checked, and said as it is.
import { make } from "./dom.js";
import { sealing } from "./lazy.js";
import { leaveTo } from "./leave.js";
import { askBytes, pinned } from "./relay.js";
import { open, say } from "./words.js";

/** @typedef {import("../wire/witness.js").Sheet} Sheet */

/** After so many days the relay drops what lies sealed. */
export const UNTIL_DAYS = 14;

/** A list is asked for again after so long: the day may have changed, or who is there. */
const FRESH_MS = 20 * 60_000;

/** @type {Sheet | null} */
let known = null;
let learntAt = 0;

/** The list, once it was fetched and every signature on it held. */
export function sheet() {
  return known;
}

/** Fetch the list and the coalition's own words. Raises what `readWitness` raises. */
export async function learnDuty() {
  const { readWitness } = await sealing();
  const { name, pin } = pinned();
  knowDuty(readWitness(await askBytes("witness"), name, pin));
  return /** @type {Sheet} */ (known);
}

/** The list as it is now: a page that stayed open asks again. */
export async function freshDuty() {
  return known && performance.now() - learntAt < FRESH_MS ? known : learnDuty();
}

/** Take a list that came with the page, as in one file. @param {Sheet} given */
export function knowDuty(given) {
  if (!known) open(given.book);
  known = given;
  learntAt = performance.now();
  leaveTo(given.common["exit"]);
}

/** Who reads this, and honestly when nobody does. */
export function dutyLines() {
  if (!known) return [];
  return [
    make("p", { class: "small" }, say("readers", { n: known.readers.length }), " ", known.staleDays === 0 && usually()),
    known.staleDays > 0 && make("p", { class: "warn" }, say("stale", { n: known.staleDays })),
    !known.isHeard && make("p", { class: "small", role: "note" }, say("unfirm")),
  ];
}

/** When somebody reads it. */
export function usuallyLine() {
  return make("p", {}, known && known.staleDays > 0 ? say("stale", { n: known.staleDays }) : usually());
}

/** The coalition's own word for when somebody is there, else ours. */
function usually() {
  return say("read_usually") || say("usually");
}
