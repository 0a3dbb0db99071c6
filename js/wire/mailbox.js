// Replies to a receipt (docs/formats.md section 19): always eight slots of one size, whatever is in them.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { join, readNumber, same, utf8 } from "../crypto/bytes.js";

const SLOTS = 8;
const SENDINGS = 4;
const PLACES = SLOTS / SENDINGS;
const MOST_PLACES = 8;
const MAC = 32;

/**
 * @typedef {import("../crypto/receipt.js").Receipt} Receipt
 * @typedef {{
 *   id: string, kind: string, day: number, until: number | null, text: string, language: string | null, phrases: string[],
 *   part: number, parts: number, content: Record<string, any>,
 * }} Message
 * @typedef {{ messages: Message[], nextSending: number, hasForeign: boolean }} Mail
 * @typedef {{ ask: (asked: Uint8Array) => Promise<Uint8Array>, open: (file: Uint8Array) => Promise<Uint8Array | null> }} Way
 */

/**
 * Read all that lies there for a receipt. A wrong receipt looks like an empty mailbox.
 *
 * @param {Receipt} receipt
 * @param {Way} way `ask` posts 520 bytes, `open` gives nothing where a slot is filler
 * @returns {Promise<Mail>}
 */
export async function readMail(receipt, way) {
  /** @type {Message[]} */
  const found = [];
  let hasForeign = false;
  for (let sending = 0; ; sending += SENDINGS) {
    /** @type {Set<string>} */
    const full = new Set();
    for (let place = 0; place < MOST_PLACES; place += PLACES) {
      const wanted = grid(sending, place);
      const slots = await way.ask(join(...wanted.map((each) => addressOf(receipt, each))));
      for (const [at, each] of wanted.entries()) {
        const plain = await way.open(slots.subarray((slots.length / SLOTS) * at, (slots.length / SLOTS) * (at + 1)));
        if (!plain) continue;
        full.add(`${each.sending} ${each.place}`);
        const message = readMessage(receipt, each, plain);
        if (message) found.push(message);
        else hasForeign = true;
      }
      if (!wanted.some((each) => each.place === place + PLACES - 1 && full.has(`${each.sending} ${each.place}`))) break;
    }
    const free = Array.from({ length: SENDINGS }, (_, at) => sending + at).find((each) => !full.has(`${each} 0`));
    if (free !== undefined) return { messages: joinParts(found), nextSending: free, hasForeign };
  }
}

/**
 * Which slots one reading asks for.
 *
 * @param {number} sending
 * @param {number} place
 */
function grid(sending, place) {
  return Array.from({ length: SLOTS }, (_, at) => ({ sending: sending + Math.floor(at / PLACES), place: place + (at % PLACES) }));
}

/**
 * @param {Receipt} receipt
 * @param {{ sending: number, place: number }} slot
 */
function addressOf(receipt, { sending, place }) {
  return join(receipt.locator(sending), sha256(receipt.writeToken(sending)), Uint8Array.of(place));
}

/**
 * Read what opened, if it was made by whoever opened the sending it answers.
 *
 * @param {Receipt} receipt
 * @param {{ sending: number, place: number }} slot
 * @param {Uint8Array} plain
 * @returns {Message | null}
 */
function readMessage(receipt, { sending, place }, plain) {
  const [mac, rest] = [plain.subarray(0, MAC), plain.subarray(MAC)];
  const made = hmac(sha256, receipt.answerKey(sending), join(utf8("tocsin/1 reply\n"), receipt.locator(sending), Uint8Array.of(place), rest));
  if (!same(mac, made)) return null;
  return JSON.parse(new TextDecoder().decode(rest.subarray(4, 4 + readNumber(rest.subarray(0, 4)))));
}

/**
 * Put the parts of long texts together, in the order of their days.
 *
 * @param {Message[]} found
 */
function joinParts(found) {
  /** @type {Map<string, Message>} */
  const whole = new Map();
  for (const message of [...found].sort((one, other) => one.part - other.part)) {
    const begun = whole.get(message.id);
    if (begun) begun.text += message.text;
    else whole.set(message.id, { ...message });
  }
  return [...whole.values()].sort((one, other) => other.day - one.day);
}

