// What a witness's page must know today, out of the one file that is the same for everybody (docs/formats.md section 22):
// who may read, with which keys, the coalition's own words, and what work is asked. Every signature on it is checked.
import { join, readNumber, unhex, utf8 } from "../crypto/bytes.js";
import { isSigned } from "../crypto/signing.js";
import { followCharters } from "./charter.js";
import { NobodyThere, NotAsSigned } from "./errors.js";
import { FILE, INTAKE, isPublishedBy, readCosignatures, readKeys } from "./published.js";
import { payloadOf, readSigned, signersOf } from "./signed.js";

const LABEL = utf8("tocsin/1 witness\n");
const MOST_READERS = 4;
const KIND = { end: 0, charter: 1, head: 2, cosignatures: 3, keys: 4, day: 5, part: 6, work: 7, fileKeys: 8 };

/**
 * @typedef {import("./charter.js").Charter} Charter
 * @typedef {import("./published.js").Published} Published
 * @typedef {{ challenge: Uint8Array, bits: number }} Work
 * @typedef {{
 *   exercise: boolean, day: number, readers: Published[], staleDays: number, isFirm: boolean, isHeard: boolean, checked: Set<string>,
 *   book: Record<string, Record<string, any>>, common: Record<string, string>, fileKeys: Published[], work: Work,
 * }} Sheet
 */

/**
 * Read and check the file. Raises NotAsSigned where what must be signed is not, NobodyThere where there is no key at all.
 *
 * @param {Uint8Array} file
 * @param {string} name the coalition's id in hex
 * @param {string} pin
 * @returns {Sheet}
 */
export function readWitness(file, name, pin) {
  const coalition = unhex(name);
  const sections = cut(file);
  const one = (/** @type {number} */ kind) => sections.filter((section) => section.kind === kind).map(({ bytes }) => bytes);
  const charter = followCharters(one(KIND.charter), coalition, pin);
  const [head, date, work] = [KIND.head, KIND.day, KIND.work].map((kind) => one(kind)[0]);
  if (!head || !date || !work) throw new NotAsSigned();
  checkHead(head, charter, coalition);
  const day = readNumber(date);
  return {
    exercise: charter.exercise, day,
    ...findReaders(ours(one(KIND.keys), INTAKE, charter, coalition), charter, day),
    ...vouching(join(...one(KIND.cosignatures)), sizeOf(head), charter, coalition),
    ...readParts(one(KIND.part), charter, coalition),
    fileKeys: ours(one(KIND.fileKeys), FILE, charter, coalition),
    work: readWork(work),
  };
}

/**
 * Read what work is asked, as it stands in this file and in the answer to `GET work`.
 *
 * @param {Uint8Array} bytes
 * @returns {Work}
 */
export function readWork(bytes) {
  return { challenge: bytes.subarray(0, 40), bits: bytes[40] ?? 0 };
}

/** @param {Uint8Array} file */
function cut(file) {
  if (LABEL.some((byte, at) => file[at] !== byte)) throw new NotAsSigned();
  const sections = [];
  for (let at = LABEL.length; ;) {
    const kind = file[at];
    const end = at + 5 + readNumber(file.subarray(at + 1, at + 5));
    if (kind === undefined || end > file.length) throw new NotAsSigned();
    if (kind === KIND.end) return sections;
    sections.push({ kind, bytes: file.subarray(at + 5, end) });
    at = end;
  }
}

/**
 * @param {Uint8Array} head
 * @param {Charter} charter
 * @param {Uint8Array} coalition
 */
function checkHead(head, { relays }, coalition) {
  const [message, signature] = [head.subarray(0, 44), head.subarray(44)];
  if (!relays.some((key) => isSigned({ key, use: "head", coalition, message, signature }))) throw new NotAsSigned();
}

/**
 * Who vouches for the ledger, of heads no longer than the relay's: firm is one and the same head by two organisations; heard
 * are two organisations at all, since everybody signs the head of their own last sync.
 *
 * @param {Uint8Array} joined
 * @param {number} size records under the relay's head
 * @param {Charter} charter
 * @param {Uint8Array} coalition
 */
function vouching(joined, size, { devices, n_organisations }, coalition) {
  /** @type {Map<string, Set<number>>} */
  const vouched = new Map();
  for (const { device, head, signature } of readCosignatures(joined)) {
    const by = devices.find((entry) => entry.number === device && entry.cosigns);
    if (!by || sizeOf(head) > size) continue;
    if (!isSigned({ key: by.key, use: "cosign", coalition, message: head, signature })) throw new NotAsSigned();
    const named = head.join();
    vouched.set(named, (vouched.get(named) ?? new Set()).add(by.organisation));
  }
  const [least, heard] = [Math.min(2, n_organisations), new Set([...vouched.values()].flatMap((each) => [...each]))];
  return { isFirm: [...vouched.values()].some((each) => each.size >= least), isHeard: heard.size >= least };
}

/** How many records a head stands for. @param {Uint8Array} head */
function sizeOf(head) {
  return readNumber(head.subarray(0, 8));
}

/**
 * The published keys of one purpose. A device that the charter does not know is passed over; a wrong signature refuses all.
 *
 * @param {Uint8Array[]} joined
 * @param {number} purpose
 * @param {Charter} charter
 * @param {Uint8Array} coalition
 */
function ours(joined, purpose, { devices }, coalition) {
  return joined.flatMap(readKeys).filter((published) => {
    const device = devices.find((entry) => entry.number === published.device && entry.isOnDuty);
    if (published.purpose !== purpose || !device) return false;
    if (!isPublishedBy(published, device.key, coalition)) throw new NotAsSigned();
    return true;
  });
}

/**
 * Today's keys; where nobody has one, each device's newest, and for how long nobody was there.
 *
 * @param {Published[]} keys
 * @param {Charter} charter
 * @param {number} today
 */
function findReaders(keys, { devices }, today) {
  const fresh = keys.filter(({ period }) => period === today);
  const usable = newestOfEach(fresh.length > 0 ? fresh : keys.filter(({ period }) => period < today));
  if (usable.length === 0) throw new NobodyThere();
  const latest = Math.max(...usable.map(({ period }) => period));
  return { readers: spread(usable, devices), staleDays: today - latest };
}

/** @param {Published[]} keys */
function newestOfEach(keys) {
  /** @type {Map<number, Published>} */
  const newest = new Map();
  for (const key of keys) if ((newest.get(key.device)?.period ?? -1) < key.period) newest.set(key.device, key);
  return [...newest.values()];
}

/**
 * At most four, of as many organisations as there are.
 *
 * @param {Published[]} keys
 * @param {import("./charter.js").Device[]} devices
 */
function spread(keys, devices) {
  /** @type {Map<number, number>} */
  const turns = new Map();
  const ranked = keys.map((key) => {
    const organisation = devices.find(({ number }) => number === key.device)?.organisation ?? 0;
    const turn = turns.get(organisation) ?? 0;
    turns.set(organisation, turn + 1);
    return { key, turn };
  });
  return ranked.sort((left, right) => left.turn - right.turn || left.key.device - right.key.device).slice(0, MOST_READERS).map(({ key }) => key);
}

/**
 * The coalition's own words: signed by two speakers they are checked, by one they are a draft, by nobody they are ignored.
 *
 * @param {Uint8Array[]} texts
 * @param {Charter} charter
 * @param {Uint8Array} coalition
 */
function readParts(texts, { devices, n_organisations }, coalition) {
  /** @type {Record<string, Record<string, any>>} */
  const book = {};
  /** @type {Set<string>} */
  const checked = new Set();
  const speakers = devices.filter((entry) => entry.signsWords);
  for (const text of texts.map(readSigned)) {
    const signers = signersOf(text, "words", coalition, speakers);
    const isChecked = signers.length >= 2 && new Set(signers.map(({ organisation }) => organisation)).size >= Math.min(2, n_organisations);
    const { part, words } = payloadOf(text);
    if (isChecked) checked.add(part);
    if (isChecked || (signers.length > 0 && part !== "*")) book[part] = words;
  }
  const { "*": common = {}, ...languages } = book;
  return { book: languages, common: /** @type {Record<string, string>} */ (common), checked };
}
