// Seals what a witness wrote so that only the named duty devices can open it (docs/formats.md section 8), and opens
// what is written back. Everything here needs age or curves; the first screen needs nothing of it.
import { armor, Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { bech32 } from "@scure/base";

export * from "./crypto/bytes.js";
export { BadReceipt, plainDigits, Receipt } from "./crypto/receipt.js";
export { isSigned } from "./crypto/signing.js";

/** Every submission has this size before sealing, so its length says nothing about what was written. */
export const SUBMISSION_BYTES = 16384;

/** The words of a submission may fill what the four bytes of its length leave. */
export const MAX_JSON_BYTES = SUBMISSION_BYTES - 4;

export const MAX_RECIPIENTS = 4;

/** Hybrid (post-quantum) recipients begin so; `age1…` and `age1tag…` do not and are refused. */
const HYBRID = "age1pq1";

/** What kept a submission from being sealed. `code` is for the page's table of sentences; no input is quoted. */
export class CannotSeal extends Error {
  /**
   * @param {"recipients" | "classical" | "size"} code
   * @param {string} sentence
   * @param {number} [over]
   */
  constructor(code, sentence, over = 0) {
    super(sentence);
    this.name = "CannotSeal";
    this.code = code;
    /** By how many bytes it is too long. */
    this.over = over;
  }
}

/**
 * Lay a submission out as it is sealed: length, text, zeros.
 *
 * @param {string} json
 * @returns {Uint8Array}
 */
function padSubmission(json) {
  const text = new TextEncoder().encode(json);
  if (text.length > MAX_JSON_BYTES) {
    throw new CannotSeal("size", `This is ${text.length - MAX_JSON_BYTES} bytes too long; shorten it or attach it as a file.`, text.length - MAX_JSON_BYTES);
  }
  const plain = new Uint8Array(SUBMISSION_BYTES);
  new DataView(plain.buffer).setUint32(0, text.length);
  plain.set(text, 4);
  return plain;
}

/**
 * Refuse every list of recipients but one to four different hybrid ones.
 *
 * @param {readonly string[]} recipients
 */
function checkRecipients(recipients) {
  if (recipients.length < 1 || recipients.length > MAX_RECIPIENTS || new Set(recipients).size !== recipients.length) {
    throw new CannotSeal("recipients", `A submission is sealed to one to ${MAX_RECIPIENTS} different day keys; fetch the list again.`);
  }
  if (!recipients.every((recipient) => recipient.startsWith(HYBRID))) {
    throw new CannotSeal("classical", "One of the day keys is not a hybrid key; nothing was sealed. Fetch the list again.");
  }
}

/**
 * Seal a submission to the duty devices' day keys.
 *
 * @param {string} json the submission as JSON text
 * @param {readonly string[]} recipients one to four `age1pq1…` recipients
 * @returns {Promise<Uint8Array>} one binary age file
 */
export async function sealSubmission(json, recipients) {
  checkRecipients(recipients);
  const plain = padSubmission(json);
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    encrypter.addRecipient(recipient);
  }
  return encrypter.encrypt(plain);
}

/**
 * Write a published key as age writes recipients.
 *
 * @param {{ key: Uint8Array }} published with its 1216 bytes
 */
export function recipientOf({ key }) {
  return bech32.encode("age1pq", bech32.toWords(key), false);
}

/**
 * Write a seed as the identity that age opens with.
 *
 * @param {Uint8Array} seed 32 bytes
 */
export function identityOf(seed) {
  return bech32.encode("age-secret-key-pq-", bech32.toWords(seed), false).toUpperCase();
}

/**
 * Seal a stream of any length to a seed that stands inside a submission (docs/formats.md section 9).
 *
 * @param {ReadableStream<Uint8Array>} plain
 * @param {Uint8Array} seed
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function sealStream(plain, seed) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identityOf(seed)));
  return encrypter.encrypt(plain);
}

/**
 * Open an age file that was sealed to a seed.
 *
 * @param {Uint8Array} file
 * @param {Uint8Array} seed
 * @returns {Promise<Uint8Array>}
 */
export function openWith(file, seed) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identityOf(seed));
  return decrypter.decrypt(file);
}

/**
 * The public key that replies to a receipt are sealed to.
 *
 * @param {import("./crypto/receipt.js").Receipt} receipt
 */
export async function replyKeyOf(receipt) {
  const recipient = /** @type {`${string}1${string}`} */ (await identityToRecipient(identityOf(receipt.replySeed)));
  return Uint8Array.from(bech32.fromWords(bech32.decode(recipient, false).words));
}

/**
 * Write a sealed file as text that can be pasted anywhere.
 *
 * @param {Uint8Array} file
 */
export function asText(file) {
  return armor.encode(file);
}

export { readWitness, readWork } from "./wire/witness.js";
export { solve } from "./wire/work.js";
export { readMail } from "./wire/mailbox.js";
export { writeSubmission } from "./wire/submission.js";
