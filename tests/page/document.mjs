// Makes a document with planted notes, cleans it with the bundle as served, and says what is left.
import * as p from "pdf-lib";
import { ask } from "./asking.mjs";

const { canary, jpeg, holds, media } = await ask();
const made = await p.PDFDocument.create();
const { context, catalog } = made;
made.setTitle(canary);
made.setAuthor(canary);
const page = made.addPage([200, 200]);
page.drawText("what is on the page stays");
catalog.set(p.PDFName.of("Metadata"), context.register(context.stream(`<x:xmpmeta>${canary}`, { Type: "Metadata", Subtype: "XML" })));
if (jpeg) {
  const picture = await made.embedJpg(new Uint8Array(Buffer.from(jpeg, "base64")));
  page.drawImage(picture, { x: 0, y: 0, width: 9, height: 9 });
}
const planted = p.PDFString.of(canary);
const holding = {
  script: () => made.addJavaScript("hello", "app.alert(1)"),
  file: () => made.attach(Buffer.from("inside"), "inside.txt"),
  launch: () => page.node.set(p.PDFName.of("AA"), context.obj({ O: context.obj({ S: "Launch", F: planted }) })),
  comment: () => page.node.set(p.PDFName.of("Annots"), context.obj([context.obj({ Type: "Annot", Subtype: "Text", T: planted, Contents: planted })])),
};
await holding[holds]?.();

const given = new Blob([await made.save({ useObjectStreams: false })]);
const blob = await media.cleanPdf(given).catch(() => null);
console.log(JSON.stringify(blob ? await describe(Buffer.from(await blob.arrayBuffer())) : "refused"));

async function describe(clean) {
  const read = await p.PDFDocument.load(clean, { updateMetadata: false });
  const streams = read.context.enumerateIndirectObjects().map(([, object]) => object).filter((object) => object instanceof p.PDFRawStream);
  const opened = streams.map((stream) => {
    const isPicture = stream.dict.get(p.PDFName.of("Filter")) === p.PDFName.of("DCTDecode");
    return Buffer.from(isPicture ? stream.contents : p.decodePDFRawStream(stream).decode());
  });
  return {
    pages: read.getPageCount(),
    left: [clean, ...opened].some((each) => each.includes(canary)),
    title: read.getTitle() ?? null,
    made: read.getCreationDate() ?? null,
    drawn: opened.some((each) => each.includes("Tj")),
  };
}
