// From words to a sealed submission on the relay, and what the person sees meanwhile. The sealed bytes stay in memory until
// the relay has them: a lost connection never asks anybody to write twice.
import { partsOf } from "./answers.js";
import { make } from "./dom.js";
import { learnDuty, sheet } from "./duty.js";
import { filing, sealing } from "./lazy.js";
import { ask, askOnce, Refused } from "./relay.js";
import { formScreen } from "./form.js";
import { heading, show, tell } from "./screens.js";
import { sentScreen } from "./sent.js";
import { forget, testimony } from "./testimony.js";
import { say } from "./words.js";

/**
 * @typedef {import("../crypto/receipt.js").Receipt} Receipt
 * @typedef {{ address: Uint8Array, seed: Uint8Array, bytes: number }} Sent
 * @typedef {{ receipt: Receipt, messages: any[] }} Box
 */

/** Codes of the relay that mean: too much comes in just now. */
const BUSY = new Set(["relay.quota", "relay.busy", "relay.disk-full"]);

/** How many sendings a receipt has made in this page; each has a locator of its own. */
let sendings = 0;

/** Seal what was typed and send it; whatever goes wrong, the form comes back with all words in it. */
export async function deliver() {
  show(() => [heading("send"), make("progress", { "aria-label": say("sealing") })]);
  try {
    const { Receipt } = await sealing();
    const receipt = Receipt.fresh();
    sendings = 0;
    await sendParts(receipt, partsOf(testimony));
    forget();
    show(sentScreen(receipt));
  } catch (trouble) {
    show(formScreen);
    tell(sentenceFor(trouble));
  }
}

/**
 * Seal the parts of one sending and send them.
 *
 * @param {Receipt} receipt
 * @param {import("../wire/submission.js").Parts} parts
 */
async function sendParts(receipt, parts) {
  tell(say("sealing"));
  const { sealSubmission, recipientOf, writeSubmission } = await sealing();
  const { readers } = sheet() ?? await learnDuty();
  const sealed = await sealSubmission(writeSubmission(receipt, sendings, parts), readers.map(({ key }) => recipientOf(key)));
  tell(say("sending"));
  await ask("submissions", { method: "POST", body: /** @type {Uint8Array<ArrayBuffer>} */ (sealed), headers: { "Content-Type": "application/octet-stream" } });
  sendings += 1;
}

/**
 * Seal one cleaned file while it is read, and send it.
 *
 * @param {import("../files/padded.js").Clean} clean
 * @param {(share: number) => void} note
 * @returns {Promise<Sent>}
 */
export async function sendOne(clean, note) {
  const [{ hex, random, sealStream }, { padme, sealAndSend }] = [await sealing(), await filing()];
  const [address, seed] = [random(32), random(32)];
  const whole = padme(8 + clean.size);
  await sealAndSend(clean, {
    seal: (plain) => sealStream(plain, seed),
    send: (chunk, at, isLast) => sendChunk(`attachment/${hex(address)}`, chunk, at, isLast),
    note: (sent) => note(Math.min(sent / whole, 1)),
  });
  return { address, seed, bytes: clean.size };
}

/**
 * Send a chunk; if the connection broke, ask how much of it arrived and send the rest.
 *
 * @param {string} path
 * @param {Uint8Array} chunk
 * @param {number} at
 * @param {boolean} isLast
 */
async function sendChunk(path, chunk, at, isLast) {
  const headers = { "Content-Type": "application/octet-stream", "Upload-Complete": isLast ? "1" : "0" };
  for (let done = 0; ;) {
    try {
      await askOnce(path, { method: "PATCH", body: /** @type {Uint8Array<ArrayBuffer>} */ (chunk.subarray(done)), headers: { ...headers, "Upload-Offset": String(at + done) } });
      return;
    } catch (trouble) {
      if (trouble instanceof Refused && trouble.status < 500 && trouble.status !== 409) throw trouble;
      const state = await ask(path, { method: "HEAD" });
      done = Number(state.headers.get("Upload-Offset")) - at;
      if (done === chunk.length && (!isLast || state.headers.get("Upload-Complete") === "1")) return;
      if (!(done >= 0 && done <= chunk.length)) throw trouble;
    }
  }
}

/**
 * Say where sealed files lie and what opens them, in a sending of its own under the same receipt.
 *
 * @param {Receipt} receipt
 * @param {Sent[]} attachments
 */
export async function sendFiles(receipt, attachments) {
  await sendParts(receipt, { ...partsOf(testimony), attachments });
  tell(say("files.sent"));
}

/**
 * @param {Receipt} receipt
 * @returns {Promise<Box>}
 */
export async function readMailbox(receipt) {
  return { receipt, messages: [] };
}

/**
 * The sentence for what went wrong.
 *
 * @param {any} trouble
 */
export function sentenceFor(trouble) {
  if (trouble instanceof Refused) return say(BUSY.has(trouble.code) ? "error.busy" : "error.refused");
  if (trouble?.code === "size") return say("error.size", { n: trouble.over });
  return say(trouble?.code?.startsWith("error.") ? trouble.code : "error.refused");
}
