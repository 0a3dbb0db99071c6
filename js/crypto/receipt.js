// A receipt: 128 random bits as twelve words, or as forty digits that hide among others (docs/formats.md section 11).
// The words are those of tocsin.core.seal.receipt, and slips of the pen are mended as there.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { join, number, random, utf8 } from "./bytes.js";

const N_WORDS = 12;
const N_DIGITS = 40;
const WORD_BITS = 11n;
const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aeiou";
const MOST_GUESSES = 4096;
const CHECKSUM = utf8("tocsin/1 receipt checksum\n");
/** Letters that decompose into no accent. @type {Record<string, string>} */
const TWINS = { ı: "i", ə: "e", ø: "o", ł: "l", đ: "d", ð: "d" };

/** Spelled as `WORDS` in receipt.py; 2048 of them. */
const WORDS = Array.from({ length: 2048 }, (_, index) => spell(index));
const INDEX = new Map(WORDS.map((word, index) => [word, index]));

/** @param {number} index */
function spell(index) {
  const pair = (Math.floor(index / 25) * 103) % 256;
  const [first, second] = [pair >> 4, pair & 15];
  const [v1, v2] = [Math.floor((index % 25) / 5), index % 5];
  const last = (first + 3 * v1 + 5 * second + 7 * v2) % 16;
  return [CONSONANTS[first], VOWELS[v1], CONSONANTS[second], VOWELS[v2], CONSONANTS[last]].join("");
}

/** What was typed is no receipt. `code` is for the page's sentences; no word is quoted. */
export class BadReceipt extends Error {
  /**
   * @param {"words" | "word" | "check"} code
   * @param {number} n how many words there were, or which one to look at
   */
  constructor(code, n = 0) {
    super("This is no receipt yet; look at it again.");
    this.code = code;
    this.n = n;
  }
}

/** A witness's secret: finds and opens replies, not the testimony. */
export class Receipt {
  /** @param {Uint8Array} secret 16 bytes */
  constructor(secret) {
    this.secret = secret;
  }

  /** Make a new one. */
  static fresh() {
    return new Receipt(random(16));
  }

  /**
   * Read twelve words or forty digits as people type them.
   *
   * @param {string} text
   */
  static parse(text) {
    const digits = plainDigits(text);
    return new Receipt(digits.length > N_DIGITS / 2 ? fromDigits(digits) : fromWords(text));
  }

  /** The twelve words, to be written down by hand. */
  get words() {
    const bits = this.#bits();
    return Array.from({ length: N_WORDS }, (_, at) => /** @type {string} */ (WORDS[Number((bits >> (WORD_BITS * BigInt(N_WORDS - 1 - at))) & 2047n)]));
  }

  /** The same as forty digits. */
  get digits() {
    return this.#bits().toString().padStart(N_DIGITS, "0");
  }

  /**
   * Derive 32 bytes for one purpose.
   *
   * @param {string} purpose
   * @param {Uint8Array} [more]
   */
  derive(purpose, more = new Uint8Array()) {
    return hkdf(sha256, this.secret, new Uint8Array(), join(utf8(purpose), more), 32);
  }

  /**
   * At which address the replies to a sending wait.
   *
   * @param {number} sending counted from 0
   */
  locator(sending) {
    return this.derive("tocsin/1 receipt locator\n", number(sending, 4));
  }

  /**
   * What lets the desks write there.
   *
   * @param {number} sending
   */
  writeToken(sending) {
    return this.derive("tocsin/1 receipt write\n", number(sending, 4));
  }

  /**
   * What shows that a reply comes from whoever opened the sending.
   *
   * @param {number} sending
   */
  answerKey(sending) {
    return this.derive("tocsin/1 receipt answer\n", number(sending, 4));
  }

  /** What shows the desks that sendings belong together. */
  get thread() {
    return this.derive("tocsin/1 receipt thread\n");
  }

  /** Seed of the identity that opens replies. */
  get replySeed() {
    return this.derive("tocsin/1 receipt reply\n");
  }

  #bits() {
    return (toBig(this.secret) << 4n) | BigInt(check(this.secret));
  }
}

/** @param {Uint8Array} secret */
function check(secret) {
  return /** @type {number} */ (sha256(join(CHECKSUM, secret))[0]) >> 4;
}

/** @param {Uint8Array} bytes */
function toBig(bytes) {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * Split 132 bits into a secret, if their checksum is right.
 *
 * @param {bigint} bits
 * @returns {Uint8Array | null}
 */
function fromBits(bits) {
  if (bits >> 132n) return null;
  const secret = Uint8Array.from({ length: 16 }, (_, at) => Number((bits >> BigInt(4 + 8 * (15 - at))) & 255n));
  return check(secret) === Number(bits & 15n) ? secret : null;
}

/**
 * Keep the digits alone, written in whichever script.
 *
 * @param {string} text
 */
export function plainDigits(text) {
  return Array.from(text.normalize("NFKC"), (letter) => {
    const code = /** @type {number} */ (letter.codePointAt(0));
    for (const zero of [0x30, 0x660, 0x6f0]) if (code >= zero && code < zero + 10) return String(code - zero);
    return "";
  }).join("");
}

/** @param {string} digits */
function fromDigits(digits) {
  if (digits.length !== N_DIGITS) throw new BadReceipt("check");
  const secret = fromBits(BigInt(digits)) ?? mendDigits(digits);
  if (!secret) throw new BadReceipt("check");
  return secret;
}

/**
 * Mend two neighbours that changed places, if exactly one reading fits.
 *
 * @param {string} digits
 */
function mendDigits(digits) {
  const swapped = Array.from({ length: N_DIGITS - 1 }, (_, at) => digits.slice(0, at) + digits[at + 1] + digits[at] + digits.slice(at + 2));
  const fitting = [...new Set(swapped)].map((text) => fromBits(BigInt(text))).filter((secret) => secret !== null);
  return fitting.length === 1 ? fitting[0] : null;
}

/** @param {string} text */
function fromWords(text) {
  const words = split(text);
  if (words.length !== N_WORDS) throw new BadReceipt("words", words.length);
  const readings = words.map(read);
  const lost = readings.findIndex((found) => found.length === 0);
  if (lost >= 0) throw new BadReceipt("word", lost + 1);
  const guesses = readings.reduce((product, found) => product * found.length, 1);
  const fitting = guesses <= MOST_GUESSES ? fittingSecrets(readings) : [];
  if (fitting.length !== 1) {
    const doubtful = words.findIndex((word) => !INDEX.has(word));
    throw doubtful < 0 ? new BadReceipt("check") : new BadReceipt("word", doubtful + 1);
  }
  return /** @type {Uint8Array} */ (fitting[0]);
}

/** @param {string} text */
function split(text) {
  const plain = text.toLowerCase().replace(/[ıəøłđð]/g, (letter) => TWINS[letter] ?? letter).normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const words = plain.match(/[a-z]+/g) ?? [];
  const joined = words.join("");
  return words.length !== N_WORDS && joined.length === N_WORDS * 5 ? (joined.match(/.{5}/g) ?? []) : words;
}

/**
 * List which words may be meant: the word itself, else all that are one slip of the pen away.
 *
 * @param {string} word
 * @returns {number[]}
 */
function read(word) {
  const exact = INDEX.get(word);
  if (exact !== undefined) return [exact];
  if (Math.abs(word.length - 5) > 1) return [];
  return [...slips(word)].map((near) => INDEX.get(near)).filter((index) => index !== undefined);
}

/** @param {string} word */
function slips(word) {
  /** @type {Set<string>} */
  const found = new Set();
  for (let at = 0; at <= word.length; at++) {
    const [before, after] = [word.slice(0, at), word.slice(at)];
    for (const letter of CONSONANTS + VOWELS) {
      found.add(before + letter + after);
      if (after) found.add(before + letter + after.slice(1));
    }
    if (after) found.add(before + after.slice(1));
    if (after.length > 1) found.add(before + after[1] + after[0] + after.slice(2));
  }
  return found;
}

/**
 * @param {number[][]} readings
 * @returns {Uint8Array[]}
 */
function fittingSecrets(readings) {
  let sums = [0n];
  for (const found of readings) sums = sums.flatMap((bits) => found.map((index) => (bits << WORD_BITS) | BigInt(index)));
  const secrets = sums.map(fromBits).filter((secret) => secret !== null);
  return /** @type {Uint8Array[]} */ (secrets);
}
