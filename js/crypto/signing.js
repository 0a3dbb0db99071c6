// Labelled Ed25519 signatures, as everywhere in tocsin (docs/formats.md section 1).
import { ed25519 } from "@noble/curves/ed25519.js";
import { join, utf8 } from "./bytes.js";

/**
 * Say whether a signature was made by this key for this use in this coalition.
 *
 * @param {{ key: Uint8Array, use: string, coalition: Uint8Array, message: Uint8Array, signature: Uint8Array }} what
 */
export function isSigned({ key, use, coalition, message, signature }) {
  try {
    return ed25519.verify(signature, join(utf8(`tocsin/1 ${use}\n`), coalition, message), key, { zip215: false });
  } catch {
    // Not a point, or not 64 bytes: not a signature.
    return false;
  }
}
