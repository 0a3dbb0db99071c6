// Bytes to text and back, big-endian numbers, and nothing that a browser without a secure context lacks.

const encoder = new TextEncoder();

/** @param {string} text */
export function utf8(text) {
  return encoder.encode(text);
}

/**
 * Join bytes.
 *
 * @param {...Uint8Array} parts
 */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Write a number in so many bytes.
 *
 * @param {number} value up to 2^53
 * @param {number} size
 */
export function number(value, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, left = value; at >= 0; at--, left = Math.floor(left / 256)) bytes[at] = left % 256;
  return bytes;
}

/**
 * Read a number.
 *
 * @param {Uint8Array} bytes at most 6 of them matter
 */
export function readNumber(bytes) {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} digits */
export function unhex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Write base64url without padding.
 *
 * @param {Uint8Array} bytes
 */
export function base64url(bytes) {
  return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/**
 * Read base64, either alphabet, with or without padding.
 *
 * @param {string} text
 */
export function unbase64(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

/**
 * Draw random bytes; `getRandomValues` is there without a secure context, too.
 *
 * @param {number} size
 */
export function random(size) {
  return crypto.getRandomValues(new Uint8Array(size));
}

/**
 * Compare without stopping at the first difference.
 *
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function same(one, other) {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) difference |= /** @type {number} */ (one[at]) ^ (other[at] ?? 0);
  return difference === 0;
}
