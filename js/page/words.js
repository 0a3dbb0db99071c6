// What the page says, in the reader's language: the coalition's signed words first, then the bundle's, then English.
import { longDate, shortTime } from "./dates.js";
import { FIRST_WORDS } from "./first-words.js";

/** The languages this page is written in; a coalition's signed words may say more of them, not more languages. */
export const LANGUAGES = /** @type {const} */ ({
  en: "English", az: "Azərbaycanca", ru: "Русский", tr: "Türkçe", ka: "ქართული", ar: "العربية", fa: "فارسی", uk: "Українська",
});

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Sentence */
/** @typedef {Record<string, Record<string, Sentence>>} Book */

const RIGHT_TO_LEFT = new Set(["ar", "fa"]);

/** Books in the order in which they are asked. @type {Book[]} */
const books = [FIRST_WORDS];

/** @type {Language} */
let language = "en";

/** @returns {Language} */
export function speaks() {
  return language;
}

/**
 * Say how a language runs.
 *
 * @param {string} [code]
 */
export function direction(code = language) {
  return RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr";
}

/**
 * Speak another language from now on. Nothing remembers it: it is in no address and in no storage.
 *
 * @param {Language} code
 */
export function speak(code) {
  language = code;
  document.documentElement.lang = code;
  document.documentElement.dir = direction(code);
}

/**
 * Choose the language that the browser asks for, if it is one of ours.
 *
 * @param {readonly string[]} wanted
 * @returns {Language}
 */
export function preferred(wanted) {
  const found = wanted.map((code) => code.slice(0, 2).toLowerCase()).find((code) => code in LANGUAGES);
  return /** @type {Language} */ (found ?? "en");
}

/**
 * Ask a book before the others.
 *
 * @param {Book} book
 */
export function open(book) {
  books.unshift(book);
}

/**
 * Say a sentence. `{n}` and the like are filled in; a sentence with plural forms chooses by `n`.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const sentence = look(language, key) ?? look("en", key) ?? "";
  const form = typeof sentence === "string" ? sentence : (sentence[plural(Number(values["n"]))] ?? sentence.other ?? "");
  return form.replace(/\{(\w+)\}/g, (_, name) => write(values[name] ?? ""));
}

/**
 * Say whether there is such a sentence in some book.
 *
 * @param {string} key
 */
export function knows(key) {
  return look(language, key) !== undefined || look("en", key) !== undefined;
}

/**
 * Say a date as the reader writes it.
 *
 * @param {number} day days since 1970-01-01
 */
export function date(day) {
  return longDate(language, new Date(day * 86_400_000));
}

/**
 * Say a moment by the clock of this device: whoever reads it is in its time zone.
 *
 * @param {number} seconds since 1970, UTC
 */
export function time(seconds) {
  return shortTime(language, new Date(seconds * 1000));
}

/**
 * A language's own name.
 *
 * @param {string} code
 */
export function languageName(code) {
  return Object.entries(LANGUAGES).find(([known]) => known === code)?.[1] ?? code;
}

/**
 * @param {string} code
 * @param {string} key
 * @returns {Sentence | undefined}
 */
function look(code, key) {
  for (const book of books) {
    const found = book[code]?.[key];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param {number} n */
function plural(n) {
  return new Intl.PluralRules(language).select(n);
}

/** @param {string | number} value */
function write(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
}
