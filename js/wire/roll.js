// The roll, from the founding record that the page's address names to the newest change, each signed by enough founders
// of the one before (docs/formats.md sections 2 to 4, tocsin.core.ledger.roll).
import { sha256 } from "@noble/hashes/sha2.js";
import { hex, join, readNumber, same } from "../crypto/bytes.js";
import { isSigned } from "../crypto/signing.js";
import { NotAsSigned } from "./errors.js";
import { unpack } from "./msgpack.js";

const HEADER = 110;
const FOUNDING = 1;
const NO_COALITION = new Uint8Array(32);

/**
 * @typedef {{ number: number, organisation: number, key: Uint8Array, may_take_duty: boolean, removed: boolean }} Device
 * @typedef {{ number: number, key: Uint8Array }} Founder
 * @typedef {{
 *   version: number, previous: Uint8Array, threshold: number, founders: Founder[], devices: Device[],
 *   relays: { key: Uint8Array, address: string }[], exercise: boolean, offset_days: number,
 * }} Roll
 * @typedef {{ at: number, mark: number, leaf: Uint8Array, named: Uint8Array, body: Uint8Array }} RollRecord
 */

/**
 * Read records in the form of `GET roll`.
 *
 * @param {Uint8Array} answer
 * @returns {RollRecord[]}
 */
export function readRollRecords(answer) {
  /** @type {RollRecord[]} */
  const found = [];
  for (let at = 0; at < answer.length;) {
    const header = answer.subarray(at + 9, at + 9 + HEADER);
    const tag = answer.subarray(at + 119, at + 151);
    const bodyHash = answer.subarray(at + 151, at + 183);
    const size = readNumber(header.subarray(90, 94));
    const body = answer.subarray(at + 247, at + 247 + size);
    if (!same(sha256(body), bodyHash)) throw new NotAsSigned();
    found.push({
      at: readNumber(answer.subarray(at, at + 8)), mark: header[1] ?? 0, body, named: sha256(join(header, body)),
      leaf: sha256(join(Uint8Array.of(0), header, tag, bodyHash)),
    });
    at += 247 + size;
  }
  return found;
}

/**
 * Follow the roll from the coalition's founding. Raises where one step was not signed by enough founders.
 *
 * @param {RollRecord[]} records in the ledger's order
 * @param {string} coalition its id in hex, from the page's address
 * @returns {{ roll: Roll, record: RollRecord }[]} every version, oldest first
 */
export function followRoll(records, coalition) {
  const [first, ...changes] = records;
  if (!first || first.mark !== FOUNDING || hex(first.named) !== coalition) throw new NotAsSigned();
  const versions = [{ ...readRoll(first, NO_COALITION, null), record: first }];
  for (const record of changes) {
    const before = /** @type {{ roll: Roll, bytes: Uint8Array }} */ (versions[versions.length - 1]);
    versions.push({ ...readRoll(record, first.named, before), record });
  }
  return versions;
}

/**
 * @param {RollRecord} record
 * @param {Uint8Array} coalition under which it was signed
 * @param {{ roll: Roll, bytes: Uint8Array } | null} before
 */
function readRoll(record, coalition, before) {
  const signed = /** @type {{ roll: Uint8Array, signatures: [number, Uint8Array][] }} */ (unpack(record.body));
  const roll = /** @type {Roll} */ (unpack(signed.roll));
  const signers = before?.roll ?? roll;
  const good = signers.founders.filter(({ number, key }) => signed.signatures.some(([by, signature]) =>
    by === number && isSigned({ key, use: "roll", coalition, message: signed.roll, signature })));
  const follows = before ? roll.version === before.roll.version + 1 && same(roll.previous, sha256(before.bytes)) : roll.version === 1;
  if (!follows || roll.threshold < 2 || good.length < needed(roll, signers)) throw new NotAsSigned();
  return { roll, bytes: signed.roll };
}

/**
 * How many founders must sign: k, or more than half where the founders or k itself change.
 *
 * @param {Roll} roll
 * @param {Roll} before
 */
function needed(roll, before) {
  const isSame = roll.threshold === before.threshold && roll.founders.length === before.founders.length &&
    roll.founders.every(({ number, key }, at) => before.founders[at]?.number === number && same(key, before.founders[at].key));
  return isSame ? before.threshold : Math.max(before.threshold, Math.floor(before.founders.length / 2) + 1);
}
