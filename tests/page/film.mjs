// Makes a film with planted notes, cleans it with the bundle as served, and says what is left.
import * as m from "mediabunny";
import { ask, whole } from "./asking.mjs";

const { canary, kind, frames, size, media } = await ask();
const formats = { webm: () => new m.WebMOutputFormat(), mov: () => new m.MovOutputFormat(), mp4: () => new m.Mp4OutputFormat() };
const output = new m.Output({ format: formats[kind](), target: new m.BufferTarget() });
const track = new m.EncodedVideoPacketSource("vp9");
output.addVideoTrack(track, { frameRate: 10 });
const date = new Date("2017-09-22T03:00:00Z");
output.setMetadataTags({ title: canary, comment: canary, artist: canary, date, raw: { "©xyz": canary } });
await output.start();
const colorSpace = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false };
const decoderConfig = { codec: "vp09.00.10.08", codedWidth: 64, codedHeight: 64, colorSpace };
for (let n = 0; n < frames; n++) {
  const bytes = new Uint8Array(size).fill(n + 1);
  await track.add(new m.EncodedPacket(bytes, n % 10 ? "delta" : "key", n / 10, 0.1), { decoderConfig });
}
await output.finalize();

const film = Buffer.from(output.target.buffer);
const clean = await media.cleanVideo(new Blob([film]), kind);
const [bytes, again] = [await whole(clean), await whole(clean)];
const input = new m.Input({ source: new m.BufferSource(new Uint8Array(bytes)), formats: m.ALL_FORMATS });
const firsts = [];
for await (const packet of new m.EncodedPacketSink(await input.getPrimaryVideoTrack()).packets()) firsts.push(packet.data[0]);
const tags = Object.keys(await input.getMetadataTags()).filter((name) => name !== "raw");
const isDated = (name) => bytes.indexOf(name) > 0 && bytes.readUInt32BE(bytes.indexOf(name) + 8) !== 0;
console.log(JSON.stringify({
  planted: film.includes(canary), left: bytes.includes(canary), size: clean.size, length: bytes.length, same: bytes.equals(again),
  firsts, tags, dated: ["mvhd", "tkhd", "mdhd"].filter(isDated),
}));
