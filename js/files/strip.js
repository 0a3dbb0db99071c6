// Cut out of a picture all that is not picture, without decoding it: for browsers that spoil canvases, and for the
// photographs inside documents. What is not known is left out.
import { join } from "../crypto/bytes.js";

/** A picture is not built as its kind is. */
export class BrokenPicture extends Error {}

/**
 * @param {Uint8Array} bytes
 * @param {"jpeg" | "png" | "webp"} kind
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function strip(bytes, kind) {
  return { jpeg: stripJpeg, png: stripPng, webp: stripWebp }[kind](bytes);
}

/** Markers that stand alone, without a length. @param {number} marker */
function isBare(marker) {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/**
 * Keep tables, frame, scans, JFIF and Adobe's colour note (APP0, APP14), and how it is to be turned.
 *
 * @param {Uint8Array} bytes
 */
export function stripJpeg(bytes) {
  const parts = [bytes.subarray(0, 2)];
  let turned = 1;
  let at = 2;
  for (;;) {
    const marker = bytes[at] === 0xff ? bytes[at + 1] : undefined;
    if (marker === undefined) throw new BrokenPicture();
    if (marker === 0xff) { at += 1; continue; }
    if (marker === 0xd9) break; // What stands behind the end (a second picture, a short film) is left out.
    const size = isBare(marker) ? 0 : /** @type {number} */ (bytes[at + 2]) * 256 + /** @type {number} */ (bytes[at + 3]);
    const end = marker === 0xda ? endOfScan(bytes, at + 2 + size) : at + 2 + size;
    if (!(end <= bytes.length) || (!isBare(marker) && size < 2)) throw new BrokenPicture();
    const segment = bytes.subarray(at, end);
    if (marker === 0xe1) turned = turnOf(segment) || turned;
    const isNote = marker === 0xfe || (marker >= 0xe1 && marker <= 0xef && marker !== 0xee);
    if (!isNote) parts.push(segment);
    at = end;
  }
  parts.push(Uint8Array.of(0xff, 0xd9));
  if (turned !== 1) parts.splice(1, 0, turnNote(turned));
  return join(...parts);
}

/**
 * Find where a scan's data ends: at the next marker that is no restart and no stuffed byte.
 *
 * @param {Uint8Array} bytes
 * @param {number} from
 */
function endOfScan(bytes, from) {
  for (let at = from; at < bytes.length - 1; at++) {
    const next = /** @type {number} */ (bytes[at + 1]);
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && !isBare(next)) return at;
  }
  throw new BrokenPicture();
}

/**
 * Read how a picture is to be turned (EXIF tag 0x0112): 1 to 8, or 0.
 *
 * @param {Uint8Array} segment APP1 with its marker
 */
function turnOf(segment) {
  if (String.fromCharCode(...segment.subarray(4, 10)) !== "Exif\0\0") return 0;
  const tiff = segment.subarray(10);
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  try {
    const little = view.getUint16(0) === 0x4949;
    const first = view.getUint32(4, little);
    for (let entry = 0; entry < view.getUint16(first, little); entry++) {
      const place = first + 2 + 12 * entry;
      const turn = view.getUint16(place + 8, little);
      if (view.getUint16(place, little) === 0x0112) return turn >= 1 && turn <= 8 ? turn : 0;
    }
  } catch {
    // A note that cannot be read says nothing of how to turn the picture, and is left out anyway.
  }
  return 0;
}

/**
 * An EXIF note that says nothing but how to turn the picture.
 *
 * @param {number} turn
 */
function turnNote(turn) {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0, 0, 0, 0, 0];
  return Uint8Array.of(0xff, 0xe1, 0, 8 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff);
}

const PNG_KEPT = new Set(["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "sRGB", "cHRM", "sBIT", "acTL", "fcTL", "fdAT"]);

/** @param {Uint8Array} bytes */
function stripPng(bytes) {
  const parts = [bytes.subarray(0, 8)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    if (PNG_KEPT.has(name)) parts.push(bytes.subarray(at, end));
    if (name === "IEND") return join(...parts);
    at = end;
  }
  throw new BrokenPicture();
}

const WEBP_KEPT = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"]);
/** Flags of VP8X that promise a colour profile, EXIF or XMP. */
const WEBP_NOTES = 0x20 | 0x08 | 0x04;

/** @param {Uint8Array} bytes */
function stripWebp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** @type {Uint8Array[]} */
  const parts = [];
  let hasPicture = false;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    if (end > bytes.length) throw new BrokenPicture();
    const chunk = bytes.slice(at, end);
    if (name === "VP8X") chunk[8] = /** @type {number} */ (chunk[8]) & ~WEBP_NOTES;
    if (WEBP_KEPT.has(name)) parts.push(chunk);
    hasPicture ||= name === "VP8 " || name === "VP8L" || name === "ANMF";
    at = end;
  }
  if (!hasPicture) throw new BrokenPicture();
  const head = bytes.slice(0, 12);
  new DataView(head.buffer).setUint32(4, 4 + parts.reduce((size, part) => size + part.length, 0), true);
  return join(head, ...parts);
}
