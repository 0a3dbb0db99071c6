// From words to a sealed submission on the relay. The sealed bytes stay in memory until the relay has them: a lost connection
// never asks anybody to write twice.
import { partsOf } from "./answers.js";
import { freshDuty, sheet } from "./duty.js";
import { sealing } from "./lazy.js";
import { ask, askBytes, Refused } from "./relay.js";
import { tell } from "./screens.js";
import { sentScreen } from "./sent.js";
import { forget, testimony } from "./testimony.js";
import { say } from "./words.js";

/**
 * @typedef {import("../crypto/receipt.js").Receipt} Receipt
 * @typedef {import("../wire/submission.js").Parts} Parts
 * @typedef {{ receipt: Receipt, sending: number }} Thread whose words these are, and which locator waits for replies
 */

/** Codes of the relay that mean: too much comes in just now. */
const BUSY = new Set(["relay.quota", "relay.work", "relay.disk-full"]);
const MOST_TRIES = 3;

/** Send what was typed under a fresh receipt, and show the receipt. */
export async function sendTestimony() {
  const { Receipt } = await sealing();
  const thread = { receipt: Receipt.fresh(), sending: 0 };
  await send(thread, partsOf(testimony, (await freshDuty()).day));
  forget();
  return sentScreen(thread);
}

/**
 * Seal the parts of one sending and send them.
 *
 * @param {Thread} thread
 * @param {Parts} parts
 */
export async function send({ receipt, sending }, parts) {
  tell(say("sealing"));
  const { recipientOf, replyKeyOf, sealSubmission, writeSubmission } = await sealing();
  const { readers } = await freshDuty();
  const json = writeSubmission(receipt, sending, await replyKeyOf(receipt), parts);
  await post("submissions", await sealSubmission(json, readers.map(recipientOf)));
}

/**
 * Post what is sealed, with the work that is asked for; what the work was for has gone stale is done again.
 *
 * @param {string} path
 * @param {Uint8Array} body
 */
async function post(path, body) {
  const { readWork } = await sealing();
  let work = sheet()?.work ?? readWork(new Uint8Array());
  for (let tries = 1; ; tries++) {
    try {
      const headers = { "Content-Type": "application/octet-stream", ...await workHeader(work, body) };
      tell(say("sending"));
      await ask(path, { method: "POST", headers, body: /** @type {Uint8Array<ArrayBuffer>} */ (body) });
      return;
    } catch (trouble) {
      if (!(trouble instanceof Refused) || trouble.code !== "relay.work" || tries === MOST_TRIES) throw trouble;
      work = readWork(await askBytes("work"));
    }
  }
}

/**
 * @param {import("../wire/witness.js").Work} work
 * @param {Uint8Array} body
 * @returns {Promise<Record<string, string>>}
 */
async function workHeader(work, body) {
  if (work.bits === 0) return {};
  tell(say("puzzle"));
  const { solve } = await sealing();
  return { "Tocsin-Work": await solve(work, body) };
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
