// A file as it is sealed: length, bytes, zeros up to Padmé's size (docs/formats.md section 9), piece by piece.
import { number } from "../crypto/bytes.js";

const FLOOR = 65536;
const PIECE = 65536;

/**
 * A cleaned file: its size, and its bytes as often as they are asked for.
 *
 * @typedef {{ size: number, pieces: () => AsyncIterable<Uint8Array> }} Clean
 */

/**
 * The size that `n` bytes are padded to: at most 12 % more. As `padme` in padding.py.
 *
 * @param {number} n
 */
export function padme(n) {
  const exponent = Math.floor(Math.log2(n));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.max(Math.ceil(n / step) * step, FLOOR);
}

/**
 * Length, bytes, zeros; at most one piece is in memory.
 *
 * @param {Clean} clean
 * @returns {ReadableStream<Uint8Array>}
 */
export function padded(clean) {
  const pieces = layOut(clean);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** @param {Clean} clean */
async function* layOut({ size, pieces }) {
  yield number(size, 8);
  let left = size;
  for await (const piece of pieces()) {
    left -= piece.length;
    yield piece;
  }
  if (left !== 0) throw new Error("the file changed while it was read");
  const empty = new Uint8Array(PIECE);
  for (let zeros = padme(8 + size) - 8 - size; zeros > 0; zeros -= PIECE) yield empty.subarray(0, Math.min(zeros, PIECE));
}

/**
 * @param {Blob} blob
 * @returns {Clean}
 */
export function fromBlob(blob) {
  return {
    size: blob.size,
    async *pieces() {
      for (let at = 0; at < blob.size; at += PIECE * 4) yield new Uint8Array(await blob.slice(at, at + PIECE * 4).arrayBuffer());
    },
  };
}
