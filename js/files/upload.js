// Seal a file while it is read and send it piece by piece; a lost connection goes on where the relay's copy ends.
import { padded } from "./padded.js";

/** The relay takes chunks of up to this size. */
const CHUNK = 1 << 20;

/**
 * @typedef {{
 *   send: (chunk: Uint8Array, at: number, isLast: boolean) => Promise<void>,
 *   seal: (plain: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>,
 *   note: (sent: number) => void,
 * }} Way `send` comes back once the relay has the chunk; `note` hears how many bytes are there
 */

/**
 * Seal a cleaned file and send it; one chunk is in memory at a time.
 *
 * @param {import("./padded.js").Clean} clean
 * @param {Way} way
 */
export async function sealAndSend(clean, { send, seal, note }) {
  const reader = (await seal(padded(clean))).getReader();
  const waiting = new Uint8Array(CHUNK);
  let [filled, sent] = [0, 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (let rest = value; rest.length > 0;) {
      // A full chunk leaves only when more is there: the last one must say that it is the last.
      if (filled === CHUNK) {
        await send(waiting.slice(), sent, false);
        sent += filled;
        filled = 0;
        note(sent);
      }
      const taken = rest.subarray(0, CHUNK - filled);
      waiting.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }
  await send(waiting.slice(0, filled), sent, true);
  note(sent + filled);
}
