// Whether people of two organisations vouch for a record (docs/formats.md section 3, RFC 9162 section 2.1.3.2).
import { sha256 } from "@noble/hashes/sha2.js";
import { join, number, same } from "../crypto/bytes.js";
import { isSigned } from "../crypto/signing.js";
import { NotAsSigned } from "./errors.js";
import { unpack } from "./msgpack.js";

/**
 * @typedef {import("./roll.js").Roll} Roll
 * @typedef {{ size: number, root: Uint8Array, day: number, signature: Uint8Array, cosignatures: [number, number, Uint8Array, Uint8Array][] }} HeadAnswer
 */

/**
 * Read the relay's newest head, signed by one of the relays on the roll.
 *
 * @param {Uint8Array} answer
 * @param {Roll} roll
 * @param {Uint8Array} coalition
 * @returns {HeadAnswer}
 */
export function readHead(answer, roll, coalition) {
  const head = /** @type {HeadAnswer} */ (unpack(answer));
  const message = join(number(head.size, 8), head.root, number(head.day, 4));
  if (!roll.relays.some(({ key }) => isSigned({ key, use: "head", coalition, message, signature: head.signature }))) throw new NotAsSigned();
  return head;
}

/**
 * Say who vouches for a record, by organisation: whose co-signed head has it inside.
 *
 * @param {import("./roll.js").RollRecord} record
 * @param {HeadAnswer} head
 * @param {Roll} roll
 * @param {Uint8Array} coalition
 * @param {(size: number) => Promise<Uint8Array>} prove fetches the proof that the record lies in the first so many
 */
export async function vouchers(record, head, roll, coalition, prove) {
  /** @type {Map<number, { size: number, root: Uint8Array }>} */
  const newest = new Map();
  for (const [by, size, root, signature] of head.cosignatures) {
    const device = roll.devices.find((entry) => entry.number === by && !entry.removed);
    if (!device || size <= record.at) continue;
    const message = join(number(size, 8), root);
    if (!isSigned({ key: device.key, use: "cosign", coalition, message, signature })) throw new NotAsSigned();
    const known = newest.get(device.organisation);
    if (!known || known.size < size) newest.set(device.organisation, { size, root });
  }
  /** @type {Map<number, Uint8Array>} */
  const proofs = new Map();
  for (const { size, root } of newest.values()) {
    const proof = proofs.get(size) ?? await prove(size);
    proofs.set(size, proof);
    if (!isIncluded(record.leaf, record.at, size, proof, root)) throw new NotAsSigned();
  }
  return new Set(newest.keys());
}

/**
 * Follow an audit path from a leaf to a root.
 *
 * @param {Uint8Array} leaf
 * @param {number} at
 * @param {number} size
 * @param {Uint8Array} proof hashes of 32 bytes, joined
 * @param {Uint8Array} root
 */
export function isIncluded(leaf, at, size, proof, root) {
  let [first, last, node] = [at, size - 1, leaf];
  for (let place = 0; place < proof.length; place += 32) {
    const sibling = proof.subarray(place, place + 32);
    if (last === 0) return false;
    if (first % 2 || first === last) {
      node = parent(sibling, node);
      while (first % 2 === 0 && first) [first, last] = [Math.floor(first / 2), Math.floor(last / 2)];
    } else {
      node = parent(node, sibling);
    }
    [first, last] = [Math.floor(first / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(node, root);
}

/**
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 */
function parent(left, right) {
  return sha256(join(Uint8Array.of(1), left, right));
}

