// What is asked of a script: JSON on its input; the bundle's module for film and documents is beside it.
import { readFileSync } from "node:fs";

export async function ask() {
  const asked = JSON.parse(readFileSync(0, "utf-8"));
  return { ...asked, media: await import(process.argv[2]) };
}

/** All bytes of a cleaned file. */
export async function whole(clean) {
  const parts = [];
  for await (const piece of clean.pieces()) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}
