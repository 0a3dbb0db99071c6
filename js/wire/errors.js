// What keeps a page from sealing. `code` is the key of the sentence; nothing of the words is in an error.

/** Something that must be signed is not, or not by enough. */
export class NotAsSigned extends Error {
  code = "error.signature";
}

/** Nobody has published a key to seal to. */
export class NobodyThere extends Error {
  code = "error.keys";
}
