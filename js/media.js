// Cleans what is more than a photograph; fetched when somebody adds such a file.
export { cleanVideo } from "./cleaning/video.js";
export { cleanPdf, MOST_PDF_BYTES } from "./cleaning/pdf.js";
