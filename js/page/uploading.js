// One cleaned file on its way: sealed while it is read, and resumed where the relay's copy ends.
import { filing, sealing } from "./lazy.js";
import { ask, askOnce, Refused } from "./relay.js";

/** @typedef {import("../wire/submission.js").Attachment} Attachment */

/**
 * Seal one cleaned file and send it.
 *
 * @param {import("../files/padded.js").Clean} clean
 * @param {(share: number) => void} note
 * @returns {Promise<Attachment>}
 */
export async function upload(clean, note) {
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
      const body = /** @type {Uint8Array<ArrayBuffer>} */ (chunk.subarray(done));
      const answer = await askOnce(path, { method: "PATCH", body, headers: { ...headers, "Upload-Offset": String(at + done) } });
      // An answer that nobody reads keeps its request, and the chunk in it, in memory.
      await answer.arrayBuffer();
      return;
    } catch (trouble) {
      if (trouble instanceof Refused && trouble.status < 500 && trouble.status !== 409) throw trouble;
      const state = await ask(path, { method: "HEAD" });
      done = Number(state.headers.get("Upload-Offset")) - at;
      if (done === chunk.length && (!isLast || state.headers.get("Upload-Complete") === "1")) return;
      if (!(done >= 0 && done < chunk.length)) throw trouble;
    }
  }
}
