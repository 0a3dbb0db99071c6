// A submission as the duty desks read it (docs/formats.md section 8): identity, narrative and facts as parts of one file.
import { base64url, random } from "../crypto/bytes.js";

/**
 * @typedef {import("../crypto/receipt.js").Receipt} Receipt
 * @typedef {{ address: Uint8Array, seed: Uint8Array, bytes: number }} Attachment
 * @typedef {{ to: string, choice: string, number?: number | null, from_day?: number | null, to_day?: number | null }} Answer
 * @typedef {{
 *   kind?: "call" | "message" | "erase" | "answer", answer?: Answer | null,
 *   identity?: { name?: string, reach?: string, not_ask?: string, to_warn?: string },
 *   narrative?: { text: string, language: string | null, when?: string, whose?: string | null, happened_on?: number | null },
 *   facts?: { place: string, [fact: string]: unknown }, attachments?: Attachment[], drill?: boolean,
 * }} Parts
 */

/**
 * Write the JSON of a sending; its keys are derived from the receipt, so that the twelve words find it again.
 *
 * @param {Receipt} receipt
 * @param {number} sending which locator it waits for replies at
 * @param {Uint8Array} reply public key of the receipt's reply identity
 * @param {Parts} parts
 */
export function writeSubmission(receipt, sending, reply, { kind = "call", answer = null, identity = {}, narrative, facts, attachments = [], drill = false }) {
  return JSON.stringify({
    v: 1, drill, kind,
    answer: answer && { number: null, from_day: null, to_day: null, ...answer },
    thread: base64url(receipt.thread),
    reply: base64url(reply),
    nonce: base64url(random(16)),
    answer_key: base64url(receipt.answerKey(sending)),
    locator: base64url(receipt.locator(sending)),
    write_token: base64url(receipt.writeToken(sending)),
    identity,
    narrative: narrative ?? { text: "", language: null },
    facts: facts ?? { place: "zz" },
    attachments: attachments.map(({ address, seed, bytes }) => ({ address: base64url(address), seed: base64url(seed), bytes })),
  });
}
