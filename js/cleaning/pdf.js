// A document built anew from its pages. What acts by itself, or cannot be looked through, is refused with advice.
import { PDFArray, PDFDict, PDFDocument, PDFName, PDFRawStream, PDFStream } from "pdf-lib";
import { stripJpeg } from "../files/strip.js";

/** Larger documents would not fit into a small phone's memory twice. */
export const MOST_PDF_BYTES = 40 << 20;

/** This document holds what cannot be cleaned. */
export class UnsafeDocument extends Error {}

/** What acts by itself, carries other files, or asks the reader for something. */
const ACTING = ["JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA", "SubmitForm", "ImportData", "Movie", "Sound"];
/** Notes about who made it, when and with what; who commented on it; which program it came out of. */
const NOTES = ["Metadata", "PieceInfo", "LastModified", "Annots", "AA", "Thumb", "Tabs", "StructParents", "ID"];
/** Filters behind which a picture has its own notes that we cannot cut out. */
const UNREADABLE = ["JPXDecode", "Crypt"];

/**
 * @param {Blob} file
 * @returns {Promise<Blob>}
 */
export async function cleanPdf(file) {
  const given = await PDFDocument.load(await file.arrayBuffer(), { updateMetadata: false, throwOnInvalidObject: true });
  const objects = given.context.enumerateIndirectObjects().map(([, object]) => object);
  if (objects.some(acts)) throw new UnsafeDocument();
  const fresh = await PDFDocument.create({ updateMetadata: false });
  for (const page of await fresh.copyPages(given, given.getPageIndices())) fresh.addPage(page);
  await fresh.flush();
  for (const [reference, object] of fresh.context.enumerateIndirectObjects()) {
    forgetNotes(object);
    if (object instanceof PDFRawStream) fresh.context.assign(reference, cleanStream(object));
  }
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await fresh.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false }))]);
}

/**
 * Say whether an object, or what stands directly in it, acts by itself.
 *
 * @param {import("pdf-lib").PDFObject} object
 * @returns {boolean}
 */
function acts(object) {
  if (object instanceof PDFStream) return acts(object.dict);
  if (object instanceof PDFArray) return object.asArray().some(acts);
  if (!(object instanceof PDFDict)) return false;
  return object.entries().some(([key, value]) =>
    ACTING.includes(key.decodeText()) || (value instanceof PDFName && ACTING.includes(value.decodeText())) || acts(value));
}

/** @param {import("pdf-lib").PDFObject} object */
function forgetNotes(object) {
  const dict = object instanceof PDFStream ? object.dict : object;
  if (dict instanceof PDFArray) dict.asArray().forEach(forgetNotes);
  if (!(dict instanceof PDFDict)) return;
  for (const note of NOTES) dict.delete(PDFName.of(note));
  dict.values().forEach(forgetNotes);
}

/**
 * Cut the notes out of a photograph inside a document.
 *
 * @param {PDFRawStream} stream
 */
function cleanStream(stream) {
  const named = stream.dict.lookup(PDFName.of("Filter"));
  const filters = (named instanceof PDFArray ? named.asArray() : [named]).map((filter) => (filter instanceof PDFName ? filter.decodeText() : ""));
  if (filters.some((filter) => UNREADABLE.includes(filter))) throw new UnsafeDocument();
  if (filters[filters.length - 1] !== "DCTDecode") return stream;
  if (filters.length > 1) throw new UnsafeDocument();
  const clean = stripJpeg(stream.contents);
  stream.dict.delete(PDFName.of("Length"));
  return PDFRawStream.of(stream.dict, clean);
}
