// What a file is, by its first bytes: names and types that others gave it are not believed.

/** @typedef {"jpeg" | "png" | "webp" | "mp4" | "mov" | "webm" | "pdf" | "heic" | "other"} Kind */

/**
 * @param {Uint8Array} head the first 32 bytes or more
 * @returns {Kind}
 */
export function kindOf(head) {
  const text = String.fromCharCode(...head.subarray(0, 16));
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  if (text.startsWith("\x1a\x45\xdf\xa3")) return "webm";
  if (text.startsWith("%PDF-")) return "pdf";
  if (text.slice(4, 8) === "ftyp") return brandOf(text.slice(8, 12));
  return "other";
}

/**
 * @param {string} brand
 * @returns {Kind}
 */
function brandOf(brand) {
  if (/^(hei|hev|mif|msf|avi)/.test(brand)) return "heic";
  return brand === "qt  " ? "mov" : "mp4";
}
