// A short sum that keeps machines from flooding (docs/formats.md section 20): eight small searches, so that the time is even.
import { sha256 } from "@noble/hashes/sha2.js";
import { base64url, join, number, utf8 } from "../crypto/bytes.js";

const SEARCHES = 8;
const TRIES_A_TURN = 2000;

/**
 * Do the work for one body; the page stays live meanwhile.
 *
 * @param {import("./witness.js").Work} work
 * @param {Uint8Array} body
 * @returns {Promise<string>} the header's value
 */
export async function solve({ challenge, bits }, body) {
  const nonces = [];
  for (let search = 0; search < SEARCHES; search++) {
    const begun = sha256.create().update(join(utf8("tocsin/1 work\n"), challenge, sha256(body), Uint8Array.of(search)));
    nonces.push(await find(begun, bits));
  }
  return base64url(join(challenge, ...nonces));
}

/**
 * @param {ReturnType<typeof sha256.create>} begun
 * @param {number} bits
 */
async function find(begun, bits) {
  for (let nonce = 0; ; nonce++) {
    const tried = number(nonce, 4);
    if (leadingZeros(begun.clone().update(tried).digest()) >= bits) return tried;
    if (nonce % TRIES_A_TURN === TRIES_A_TURN - 1) await new Promise((go) => setTimeout(go));
  }
}

/** @param {Uint8Array} hash */
function leadingZeros(hash) {
  const first = hash.findIndex((byte) => byte !== 0);
  return first < 0 ? 8 * hash.length : 8 * first + Math.clz32(/** @type {number} */ (hash[first])) - 24;
}
