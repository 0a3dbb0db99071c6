// A text that people signed (docs/formats.md section 21): its payload, and by which of some keys it was signed.
import { readNumber } from "../crypto/bytes.js";
import { isSigned } from "../crypto/signing.js";
import { NotAsSigned } from "./errors.js";

const ENTRY = 68;

/** @typedef {{ payload: Uint8Array, signatures: { number: number, signature: Uint8Array }[] }} SignedText */

/**
 * @param {Uint8Array} bytes `length (4) ‖ payload ‖ n (1) ‖ n × (number (4) ‖ signature (64))`
 * @returns {SignedText}
 */
export function readSigned(bytes) {
  const end = 4 + readNumber(bytes.subarray(0, 4));
  const count = bytes[end];
  if (count === undefined || bytes.length !== end + 1 + count * ENTRY) throw new NotAsSigned();
  const entries = Array.from({ length: count }, (_, at) => bytes.subarray(end + 1 + at * ENTRY, end + 1 + (at + 1) * ENTRY));
  return {
    payload: bytes.subarray(4, end),
    signatures: entries.map((entry) => ({ number: readNumber(entry.subarray(0, 4)), signature: entry.subarray(4) })),
  };
}

/**
 * Say which of these signed it; a signature that does not fit is nobody's.
 *
 * @template {{ number: number, key: Uint8Array }} Signer
 * @param {SignedText} text
 * @param {"page" | "words"} use
 * @param {Uint8Array} coalition
 * @param {readonly Signer[]} known
 * @returns {Signer[]}
 */
export function signersOf({ payload, signatures }, use, coalition, known) {
  return known.filter(({ number, key }) => signatures.some((entry) =>
    entry.number === number && isSigned({ key, use, coalition, message: payload, signature: entry.signature })));
}

/**
 * Read the payload.
 *
 * @param {SignedText} text
 * @returns {any}
 */
export function payloadOf({ payload }) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw new NotAsSigned();
  }
}
