// The charter: who the founders say may read and vouch, from the pin in the page's address on (docs/formats.md section 21).
import { sha256 } from "@noble/hashes/sha2.js";
import { hex, join, number, same, unbase64, utf8 } from "../crypto/bytes.js";
import { NotAsSigned } from "./errors.js";
import { payloadOf, readSigned, signersOf } from "./signed.js";

/** Flags of a device. */
const DUTY = 1;
const COSIGNS = 2;
const WORDS = 4;

/**
 * @typedef {{ number: number, key: Uint8Array }} Founder
 * @typedef {{ number: number, organisation: number, key: Uint8Array, isOnDuty: boolean, cosigns: boolean, signsWords: boolean }} Device
 * @typedef {{
 *   coalition: string, serial: number, exercise: boolean, offset_days: number, threshold: number, founders: Founder[], n_organisations: number,
 *   devices: Device[], relays: Uint8Array[],
 * }} Charter
 */

/**
 * Follow the charters from the pin to the one in force, as `check_chain` in charter.py does. Raises where one step was not
 * signed by enough founders.
 *
 * @param {Uint8Array[]} texts oldest first
 * @param {Uint8Array} coalition
 * @param {string} pin 32 hex digits
 * @returns {Charter}
 */
export function followCharters(texts, coalition, pin) {
  /** @type {Charter | null} */
  let before = null;
  for (const text of texts) {
    const signed = readSigned(text);
    const charter = readCharter(payloadOf(signed));
    const isOurs = charter.coalition === hex(coalition);
    // An address that was made after founders changed pins a later one.
    if (!before && !(isOurs && pinOf(charter, coalition) === pin)) continue;
    const { founders } = before ?? charter;
    if (!isOurs || (before && charter.serial <= before.serial)) throw new NotAsSigned();
    if (signersOf(signed, "page", coalition, founders).length < needed(charter, before ?? charter)) throw new NotAsSigned();
    before = charter;
  }
  if (!before) throw new NotAsSigned();
  return before;
}

/**
 * @param {any} payload
 * @returns {Charter}
 */
function readCharter(payload) {
  if (payload.v !== 1 || !(payload.threshold >= 2)) throw new NotAsSigned();
  return {
    coalition: payload.coalition, serial: payload.serial, exercise: payload.exercise, offset_days: payload.offset_days, threshold: payload.threshold,
    n_organisations: payload.n_organisations,
    founders: payload.founders.map((/** @type {[number, string]} */ [of, key]) => ({ number: of, key: unbase64(key) })),
    devices: payload.devices.map((/** @type {[number, number, string, number]} */ [of, organisation, key, flags]) => ({
      number: of, organisation, key: unbase64(key), isOnDuty: Boolean(flags & DUTY), cosigns: Boolean(flags & COSIGNS), signsWords: Boolean(flags & WORDS),
    })),
    relays: payload.relays.map((/** @type {[string, string]} */ [key]) => unbase64(key)),
  };
}

/**
 * What the page's address says of the first founders.
 *
 * @param {Charter} charter
 * @param {Uint8Array} coalition
 */
export function pinOf({ threshold, founders }, coalition) {
  const named = founders.map(({ number: of, key }) => join(number(of, 4), key));
  return hex(sha256(join(utf8("tocsin/1 pin\n"), coalition, Uint8Array.of(threshold, founders.length), ...named))).slice(0, 32);
}

/**
 * How many founders must sign: k of those before, or more than half where founders or k change.
 *
 * @param {Charter} charter
 * @param {Charter} before
 */
function needed(charter, before) {
  const isSame = charter.threshold === before.threshold && charter.founders.length === before.founders.length &&
    charter.founders.every(({ number: of, key }, at) => before.founders[at]?.number === of && same(key, before.founders[at].key));
  return isSame ? before.threshold : Math.max(before.threshold, Math.floor(before.founders.length / 2) + 1);
}
