// Seals what a witness wrote so that only the named duty devices can open it (docs/formats.md section 8).
import { Encrypter } from "age-encryption";

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
   */
  constructor(code, sentence) {
    super(sentence);
    this.name = "CannotSeal";
    this.code = code;
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
    throw new CannotSeal("size", `This is ${text.length - MAX_JSON_BYTES} bytes too long; shorten it or attach it as a file.`);
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
