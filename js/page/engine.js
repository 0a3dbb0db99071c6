// How fast this device seals, and so how large a file it takes: without a just-in-time compiler a hundred times slower.
import { sealing } from "./lazy.js";

const MEGA = 1 << 20;
const SAMPLE = 256 * 1024;
/** Below this many bytes a second there is no compiler, or no secure context. */
const SLOW = 2 * MEGA;

/** @typedef {{ mostBytes: number, minutesFor: (bytes: number) => number }} Engine */

/** @type {Engine | null} */
let known = null;

/**
 * Seal a little, and say from that what is possible. Minutes are 0 where nobody needs to be told.
 *
 * @returns {Promise<Engine>}
 */
export async function hasEngine() {
  known ??= judge(await bytesPerSecond());
  return known;
}

/**
 * @param {number} speed
 * @returns {Engine}
 */
function judge(speed) {
  const isSlow = speed < SLOW || !isSecureContext;
  return {
    mostBytes: (isSlow ? 20 : 100) * MEGA,
    minutesFor: (bytes) => (speed < SLOW ? Math.ceil(bytes / speed / 60) : 0),
  };
}

async function bytesPerSecond() {
  const { sealStream, random } = await sealing();
  const zeros = new ReadableStream({ start(controller) { controller.enqueue(new Uint8Array(SAMPLE)); controller.close(); } });
  const began = performance.now();
  const reader = (await sealStream(zeros, random(32))).getReader();
  while (!(await reader.read()).done);
  return SAMPLE / Math.max((performance.now() - began) / 1000, 0.001);
}
