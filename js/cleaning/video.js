// Film in a fresh container: pictures and sound are copied as they are, all notes (place, device, titles) are left out.
import { AppendOnlyStreamTarget, BlobSource, Conversion, Input, Mp4OutputFormat, MP4, Output, QTFF, WEBM, WebMOutputFormat } from "mediabunny";

/** @typedef {import("../files/padded.js").Clean} Clean */

/** A film that cannot be copied into a fresh container. */
export class UnknownFilm extends Error {}

/** Boxes that say when a film was made. Their times begin four bytes after their names. */
const DATED = ["mvhd", "tkhd", "mdhd"];

/**
 * Clean a film. It is copied twice, once to learn its size and once to be sealed, so that it is never whole in memory.
 *
 * @param {Blob} file
 * @param {"mp4" | "mov" | "webm"} kind
 * @returns {Promise<Clean>}
 */
export async function cleanVideo(file, kind) {
  let size = 0;
  for await (const piece of copied(file, kind)) size += piece.length;
  return { size, pieces: () => copied(file, kind) };
}

/**
 * @param {Blob} file
 * @param {"mp4" | "mov" | "webm"} kind
 */
async function* copied(file, kind) {
  const pipe = new TransformStream(undefined, undefined, { highWaterMark: 4 });
  const copying = copy(file, kind, pipe.writable);
  // Whoever reads the pipe is told of a failure by the pipe.
  copying.catch((trouble) => pipe.writable.abort(trouble).catch(() => undefined));
  const forgetTimes = kind === "webm" ? (/** @type {Uint8Array} */ piece) => piece : timeless();
  const reader = pipe.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    yield forgetTimes(value);
  }
  await copying;
}

/**
 * @param {Blob} file
 * @param {"mp4" | "mov" | "webm"} kind
 * @param {WritableStream<Uint8Array>} writable
 */
async function copy(file, kind, writable) {
  const input = new Input({ source: new BlobSource(file), formats: [MP4, QTFF, WEBM] });
  const format = kind === "webm" ? new WebMOutputFormat({ appendOnly: true }) : new Mp4OutputFormat({ fastStart: "fragmented" });
  const output = new Output({ format, target: new AppendOnlyStreamTarget(writable) });
  const conversion = await Conversion.init({ input, output, tags: {}, showWarnings: false });
  const loses = conversion.discardedTracks.some(({ track }) => track.type === "video");
  if (!conversion.isValid || loses) throw new UnknownFilm();
  await conversion.execute();
}

/** Put zeros where the container would say that the film was made just now. They stand before the first fragment. */
function timeless() {
  let isHead = true;
  return (/** @type {Uint8Array} */ piece) => {
    if (!isHead) return piece;
    const clean = piece.slice();
    const view = new DataView(clean.buffer);
    for (let at = 4; at + 16 < clean.length; at++) {
      const name = String.fromCharCode(...clean.subarray(at, at + 4));
      if (name === "moof" || name === "mdat") { isHead = false; break; }
      if (DATED.includes(name)) clean.fill(0, at + 8, at + (view.getUint8(at + 4) === 1 ? 24 : 16));
    }
    return clean;
  };
}
