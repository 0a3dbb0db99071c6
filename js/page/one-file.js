// The card that gives this page as one file, for where there is no network: it seals to the month's file keys.
import { make } from "./dom.js";
import { sheet } from "./duty.js";
import { sealing } from "./lazy.js";
import { date, say } from "./words.js";

/** Where the file's data goes; `one.html` is built with it empty. */
const EMPTY = '<script type="application/json" id="sheet">null</script>';
/** Nothing in its name says what it is. */
const NAME = "notes.html";

/**
 * What a file carries: bytes as base64url, all else as the page holds it.
 *
 * @typedef {{
 *   exercise: boolean, day: number, keys: { device: number, period: number, key: string }[], checked: string[],
 *   book: Record<string, Record<string, any>>, common: Record<string, string>,
 * }} Carried
 */

/** The card, where there are file keys to put inside. */
export function oneFileCard() {
  const keys = sheet()?.fileKeys ?? [];
  if (keys.length === 0) return null;
  return make("details", { class: "card", id: "one" },
    make("summary", {}, say("one")),
    make("p", {}, say("one.lead")),
    make("p", {}, say("one.until", { date: date(lastDay(keys)) })),
    make("button", { type: "button", onclick: () => void save() }, say("one.save")));
}

/**
 * The last day of the last month that there are keys for.
 *
 * @param {readonly { period: number }[]} keys
 */
export function lastDay(keys) {
  const month = Math.max(...keys.map(({ period }) => period));
  return Math.floor(Date.UTC(1970, month + 1, 1) / 86_400_000) - 1;
}

async function save() {
  const known = sheet();
  if (!known) return;
  const { base64url } = await sealing();
  const keys = known.fileKeys.map(({ device, period, key }) => ({ device, period, key: base64url(key) }));
  /** @type {Carried} */
  const carried = { exercise: known.exercise, day: known.day, keys, checked: [...known.checked], book: known.book, common: known.common };
  const block = EMPTY.replace("null", JSON.stringify(carried).replace(/</g, "\\u003c"));
  const page = await (await fetch("one.html", { cache: "no-store", credentials: "omit" })).text();
  const address = URL.createObjectURL(new Blob([page.replace(EMPTY, () => block)], { type: "text/html" }));
  make("a", { href: address, download: NAME }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
