// One file, cleaned by what it is; a kind that cannot be cleaned is refused with advice.
import { cleaning, filing } from "./lazy.js";

/** A file that is not taken as it is. `code` is the sentence's key. */
export class CannotClean extends Error {
  /**
   * @param {string} code
   * @param {Record<string, number>} [values]
   */
  constructor(code, values = {}) {
    super("This file is not taken as it is.");
    this.code = code;
    this.values = values;
  }
}

/**
 * @param {File} file
 * @param {boolean} isOriginal whether it is kept as it is, because somebody asked for it
 * @returns {Promise<import("../files/padded.js").Clean>}
 */
export async function cleanFile(file, isOriginal) {
  const { fromBlob, cleanPicture, kindOf } = await filing();
  const kind = kindOf(new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  if (kind === "heic" || kind === "other") throw new CannotClean("files.kind");
  if (isOriginal) return fromBlob(file);
  if (kind === "pdf") return fromBlob(await document(file));
  if (kind === "mp4" || kind === "mov" || kind === "webm") return (await cleaning()).cleanVideo(file, kind);
  return fromBlob((await cleanPicture(file, kind)).blob);
}

/** @param {File} file */
async function document(file) {
  const { cleanPdf, MOST_PDF_BYTES } = await cleaning();
  if (file.size > MOST_PDF_BYTES) throw new CannotClean("files.big", { n: MOST_PDF_BYTES >> 20 });
  return cleanPdf(file).catch(() => { throw new CannotClean("files.pdf"); });
}
