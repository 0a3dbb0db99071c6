// Everything about files: told apart, photographs cleaned, laid out for sealing. Fetched once the words were sent.
export { kindOf } from "./files/sniff.js";
export { cleanPicture } from "./files/picture.js";
export { strip } from "./files/strip.js";
export { fromBlob, padded, padme } from "./files/padded.js";
export { sealAndSend } from "./files/upload.js";
