// A submission as the duty desks read it (docs/formats.md section 8): identity, narrative and facts as parts of one file.
import { base64url, number } from "../crypto/bytes.js";

/**
 * @typedef {import("../crypto/receipt.js").Receipt} Receipt
 * @typedef {{ address: Uint8Array, seed: Uint8Array, bytes: number }} Attachment
 * @typedef {{
 *   identity: { name?: string, reach?: string }, narrative: { text: string, language: string | null },
 *   facts: { place: string, [fact: string]: unknown }, attachments?: Attachment[], drill?: boolean,
 * }} Parts
 */

/**
 * Write the JSON of a sending; its keys are derived from the receipt, so that the twelve words find it again.
 *
 * @param {Receipt} receipt
 * @param {number} sending counted from 0
 * @param {Parts} parts
 */
export function writeSubmission(receipt, sending, { identity, narrative, facts, attachments = [], drill = false }) {
  return JSON.stringify({
    v: 1,
    drill,
    answer_key: base64url(receipt.derive("tocsin/1 receipt answer\n")),
    locator: base64url(receipt.derive("tocsin/1 receipt locator\n", number(sending, 4))),
    write_token: base64url(receipt.derive("tocsin/1 receipt write\n", number(sending, 4))),
    identity,
    narrative,
    facts,
    attachments: attachments.map(({ address, seed, bytes }) => ({ address: base64url(address), seed: base64url(seed), bytes })),
  });
}
