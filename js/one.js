// The page as one file: no network, no relay. It seals to the month's file keys and gives text to paste anywhere. After its
// last day it seals no longer, and the words stay on screen.
import * as seal from "./seal.js";
import { partsOf } from "./page/answers.js";
import { make } from "./page/dom.js";
import { knowDuty } from "./page/duty.js";
import { formScreen } from "./page/form.js";
import { loadBy } from "./page/lazy.js";
import { guardWords, watchEscape } from "./page/leave.js";
import { noticesAbove } from "./page/notices.js";
import { lastDay } from "./page/one-file.js";
import { heading, show, tell } from "./page/screens.js";
import { deliverBy } from "./page/sending.js";
import { languages } from "./page/start.js";
import { writtenCard } from "./page/sent.js";
import { forget, hasWords, testimony } from "./page/testimony.js";
import { date, open, preferred, say, speak } from "./page/words.js";
import ar from "./words/ar.json";
import az from "./words/az.json";
import en from "./words/en.json";
import fa from "./words/fa.json";
import ka from "./words/ka.json";
import ru from "./words/ru.json";
import tr from "./words/tr.json";
import uk from "./words/uk.json";

const MOST_READERS = 4;

/** The file is past its last day, by the clock of this device. */
class FileOver extends Error {}

/** @type {import("./page/one-file.js").Carried} */
const carried = JSON.parse(document.getElementById("sheet")?.textContent ?? "null") ?? { exercise: false, day: 0, keys: [], checked: [], book: {}, common: {} };
const keys = carried.keys.map(({ device, period, key }) => ({ device, period, key: seal.unbase64(key) }));
const last = lastDay(keys);

/** This device's day; there is no other clock here. */
function today() {
  return Math.floor(Date.now() / 86_400_000);
}

/** The keys of this month; a clock that is behind gets the file's first. */
function readers() {
  const now = new Date(today() * 86_400_000);
  const month = (now.getUTCFullYear() - 1970) * 12 + now.getUTCMonth();
  const earliest = Math.min(...keys.map(({ period }) => period));
  return keys.filter(({ period }) => period === Math.max(month, earliest)).slice(0, MOST_READERS);
}

async function sealToText() {
  if (today() > last || readers().length === 0) throw new FileOver();
  const receipt = seal.Receipt.fresh();
  const json = seal.writeSubmission(receipt, 0, await seal.replyKeyOf(receipt), partsOf(testimony, today()));
  const text = seal.asText(await seal.sealSubmission(json, readers().map(seal.recipientOf)));
  forget();
  return () => [heading("one.sealed"), pasteCard(text), writtenCard(receipt)];
}

/** @param {string} text */
function pasteCard(text) {
  const box = make("textarea", { class: "block", rows: 6, readonly: true, "aria-label": say("one.text"), spellcheck: "false", autocomplete: "off" });
  box.value = text;
  const copy = async () => {
    box.select();
    // Without a secure context there is no clipboard; then what is selected is copied as browsers always did.
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else document.execCommand("copy");
    tell(say("copied"));
  };
  return make("section", {}, make("p", {}, say("one.text")), box, make("div", { class: "row" }, make("button", { type: "button", onclick: copy }, say("copy"))));
}

/** @type {import("./page/screens.js").Screen} */
function startScreen() {
  return [
    ...noticesAbove(), heading("title"), languages(),
    make("p", {}, say("lead")), make("p", { class: "warn" }, say("alone")),
    make("p", { class: "small" }, say(today() > last ? "one.over" : "one.until", { date: date(last) })),
    make("button", { class: "wide", type: "button", onclick: () => show(formScreen) }, say("tell")),
  ];
}

/** @param {any} trouble */
function explain(trouble) {
  if (trouble instanceof FileOver) return say("one.over", { date: date(last) });
  return trouble?.code === "size" ? say("error.size", { n: trouble.over }) : say("error.refused");
}

loadBy({ seal: async () => seal, files: () => Promise.reject(), media: () => Promise.reject() });
open({ ar, az, en, fa, ka, ru, tr, uk });
knowDuty({
  exercise: carried.exercise, day: today(), readers: /** @type {any} */ (readers()), staleDays: 0, isFirm: true, isHeard: true,
  checked: new Set(carried.checked), book: carried.book, common: carried.common, fileKeys: [],
  work: { challenge: new Uint8Array(), bits: 0 },
});
deliverBy(sealToText, explain);
speak(preferred(navigator.languages));
watchEscape();
guardWords(hasWords);
show(startScreen);
