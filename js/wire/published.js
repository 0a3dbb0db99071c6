// Published keys and co-signatures, as every desk checks them (docs/formats.md sections 3 and 5).
import { readNumber } from "../crypto/bytes.js";
import { isSigned } from "../crypto/signing.js";
import { NotAsSigned } from "./errors.js";

const KEY_BYTES = 1293;
const COSIGNATURE_BYTES = 108;

/** What a published key is for. */
export const INTAKE = 2;
export const FILE = 3;

/**
 * A key that a device published for one day or month.
 *
 * @typedef {{ purpose: number, device: number, period: number, key: Uint8Array, signed: Uint8Array, signature: Uint8Array }} Published
 */

/**
 * Cut joined keys apart.
 *
 * @param {Uint8Array} joined
 * @returns {Published[]}
 */
export function readKeys(joined) {
  return pieces(joined, KEY_BYTES).map((raw) => ({
    purpose: /** @type {number} */ (raw[0]),
    device: readNumber(raw.subarray(1, 5)),
    period: readNumber(raw.subarray(5, 9)),
    key: raw.subarray(13, 1229),
    signed: raw.subarray(0, 1229),
    signature: raw.subarray(1229),
  }));
}

/**
 * Say whether its device signed a key.
 *
 * @param {Published} published
 * @param {Uint8Array} key the device's signing key
 * @param {Uint8Array} coalition
 */
export function isPublishedBy({ signed, signature }, key, coalition) {
  return isSigned({ key, use: "key", coalition, message: signed, signature });
}

/**
 * Cut joined co-signatures apart.
 *
 * @param {Uint8Array} joined
 */
export function readCosignatures(joined) {
  return pieces(joined, COSIGNATURE_BYTES).map((raw) => ({ device: readNumber(raw.subarray(0, 4)), head: raw.subarray(4, 44), signature: raw.subarray(44) }));
}

/**
 * @param {Uint8Array} joined
 * @param {number} size
 */
function pieces(joined, size) {
  if (joined.length % size !== 0) throw new NotAsSigned();
  return Array.from({ length: joined.length / size }, (_, at) => joined.subarray(at * size, (at + 1) * size));
}
