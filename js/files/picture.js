// A photograph drawn again, so that nothing of where, when and with what it was taken is left.
import { kindOf } from "./sniff.js";
import { strip } from "./strip.js";

/** No longer side than this; enough to read a page. */
const MOST_PIXELS = 4096;
const QUALITY = 0.88;
/** Side of the small copies that are compared, and how far their lights may lie apart on average, of 255. */
const SAMPLE = 16;
const NOISE = 12;

/**
 * @typedef {{ blob: Blob, way: "drawn" | "stripped" }} CleanPicture `way` says whether this browser's canvas could be used
 */

/**
 * Clean a picture: draw it again, and look whether what came out is the same picture. Browsers that protect against
 * recognition hand out noise instead; then its notes are cut out of it instead.
 *
 * @param {Blob} file
 * @param {"jpeg" | "png" | "webp"} kind
 * @returns {Promise<CleanPicture>}
 */
export async function cleanPicture(file, kind) {
  const drawn = (await canvasIsTrue()) ? await redraw(file) : null;
  if (drawn) return { blob: drawn, way: "drawn" };
  const bytes = strip(new Uint8Array(await file.arrayBuffer()), kind);
  return { blob: new Blob([bytes]), way: "stripped" };
}

/**
 * @param {Blob} file
 * @returns {Promise<Blob | null>} nothing if the result is not the same picture
 */
async function redraw(file) {
  const picture = await createImageBitmap(file);
  const shrink = Math.min(1, MOST_PIXELS / Math.max(picture.width, picture.height));
  const canvas = drawOn(picture, Math.round(picture.width * shrink), Math.round(picture.height * shrink));
  const blob = await toJpeg(canvas);
  if (!blob || kindOf(new Uint8Array(await blob.slice(0, 32).arrayBuffer())) !== "jpeg") return null;
  const again = await createImageBitmap(blob);
  const isSame = distance(lights(picture), lights(again)) < NOISE;
  picture.close();
  again.close();
  canvas.width = canvas.height = 0; // Small phones free the pixels only so.
  return isSame ? blob : null;
}

/** Draw something known and read it back: what differs was spoiled by the browser. */
async function canvasIsTrue() {
  const known = document.createElement("canvas");
  known.width = known.height = SAMPLE;
  const brush = pen(known);
  for (let x = 0; x < SAMPLE; x++) {
    brush.fillStyle = x % 2 ? "#e0e0e0" : "#202020";
    brush.fillRect(x, 0, 1, SAMPLE);
  }
  const expected = Array.from({ length: SAMPLE * SAMPLE }, (_, at) => (at % 2 ? 0xe0 : 0x20));
  return distance(readLights(brush), expected) < NOISE;
}

/** @param {HTMLCanvasElement} canvas */
function pen(canvas) {
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  if (!brush) throw new Error("no canvas");
  return brush;
}

/**
 * @param {ImageBitmap} picture
 * @param {number} width
 * @param {number} height
 */
function drawOn(picture, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const brush = pen(canvas);
  brush.fillStyle = "#fff"; // JPEG has no transparency.
  brush.fillRect(0, 0, width, height);
  brush.drawImage(picture, 0, 0, width, height);
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob | null>}
 */
function toJpeg(canvas) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** @param {ImageBitmap} picture */
function lights(picture) {
  return readLights(pen(drawOn(picture, SAMPLE, SAMPLE)));
}

/**
 * @param {CanvasRenderingContext2D} brush
 * @returns {number[]} how light each point is
 */
function readLights(brush) {
  const { data } = brush.getImageData(0, 0, SAMPLE, SAMPLE);
  return Array.from({ length: SAMPLE * SAMPLE }, (_, at) =>
    (/** @type {number} */ (data[4 * at]) + /** @type {number} */ (data[4 * at + 1]) + /** @type {number} */ (data[4 * at + 2])) / 3);
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function distance(one, other) {
  return one.reduce((sum, light, at) => sum + Math.abs(light - /** @type {number} */ (other[at])), 0) / one.length;
}
