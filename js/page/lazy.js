// What is too heavy for the first screen. It is fetched at once after it, in one order, whatever anybody does;
// only what cleans files waits until there is a file.

/**
 * @typedef {typeof import("../seal.js")} Sealing
 * @typedef {typeof import("../files.js")} Filing
 * @typedef {typeof import("../media.js")} Cleaning
 * @typedef {{ seal: () => Promise<Sealing>, files: () => Promise<Filing>, media: () => Promise<Cleaning> }} Loaders
 */

/** @type {Loaders} */
let loaders;

/** @param {Loaders} given by whichever page this is: fetched from the relay, or inside one file */
export function loadBy(given) {
  loaders = given;
}

/** Sealing, receipts, signatures. */
export function sealing() {
  return loaders.seal();
}

/** Telling files apart, cleaning photographs, sending. */
export function filing() {
  return loaders.files();
}

/** Cleaning video and documents. */
export function cleaning() {
  return loaders.media();
}
