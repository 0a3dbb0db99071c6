// What a message in a mailbox looks like, by its kind. To the relay all kinds look alike.
import { send, sentenceFor } from "./delivery.js";
import { make } from "./dom.js";
import { field } from "./fields.js";
import { draw, tell } from "./screens.js";
import { date, direction, knows, languageName, say, speaks, time } from "./words.js";

/**
 * @typedef {import("../wire/mailbox.js").Message} Message
 * @typedef {import("./delivery.js").Thread} Thread
 * @typedef {{ words: string, number: string, from: string, to: string, sent: string, done: string[] }} Draft
 * @typedef {{ thread: Thread, message: Message, draft: Draft }} Open
 */

/** What was typed under each message, and what was said of a night already. @type {Map<string, Draft>} */
const drafts = new Map();

/** @type {Readonly<Draft>} */
const BLANK = { words: "", number: "", from: "", to: "", sent: "", done: [] };

/** The kinds that are answered by a choice alone: value, and the key of its words. */
const CHOICES = /** @type {Record<string, [string, string][]>} */ ({
  offer: [["accept", "accept"], ["decline", "decline"]],
  leg: [["checked-in", "checkin"], ["trouble", "trouble"]],
  brief: [["vote", "vote"], ["recuse", "recuse"]],
});

/** @type {Record<string, (open: Open) => (Node | null | false)[]>} */
const BODIES = { reply: answerForm, interpret: interpretForm, night: nightForm, referral: referralForm, "place-offer": placeForm, leg: legForm };

/**
 * @param {Thread} thread
 * @param {Message} message
 */
export function messageCard(thread, message) {
  const draft = drafts.get(message.id) ?? { ...BLANK };
  drafts.set(message.id, draft);
  const open = { thread, message, draft };
  const body = BODIES[message.kind] ?? choiceForm;
  const title = knows(`kind.${message.kind}`) ? `kind.${message.kind}` : "kind.other";
  return make("section", { "aria-labelledby": `m-${message.id}` },
    make("h2", { id: `m-${message.id}` }, say(title)),
    make("p", { class: "small" }, say("mail.said", { date: date(message.day) }), message.until !== null && " · ", message.until !== null && say("mail.until", { date: date(message.until) })),
    ...message.phrases.map((code) => make("p", { class: "said" }, say(`phrase.${code}`))),
    message.text !== "" && make("p", { class: "said", lang: message.language ?? "", dir: message.language ? direction(message.language) : "auto" }, message.text),
    ...(draft.sent !== "" ? [make("p", {}, say("mail.answered"))] : body(open)));
}

/** @param {Open} open */
function answerForm(open) {
  return [writing(open, say("mail.answer")), row(button(say("send"), () => answer(open, { kind: "message" })))];
}

/** @param {Open} open */
function interpretForm(open) {
  const into = String(open.message.content["to"] ?? "");
  return [
    make("p", { class: "hint" }, say("interpret.into", { language: languageName(into) })),
    writing(open, say("interpret.text"), 8),
    row(
      button(say("send"), () => answer(open, choose(open, "interpreted"), into)),
      button(say("decline"), () => answer(open, choose(open, "decline")), true)),
  ];
}

/**
 * A night is answered many times: each thing once, and all else stays.
 *
 * @param {Open} open
 */
function nightForm(open) {
  const { draft, message: { id, content } } = open;
  const { check_ins = [], chains = [] } = /** @type {{ check_ins?: { code: string, due_at: number, waits_for: string }[], chains?: string[] }} */ (content);
  /** @type {(choice: string, code?: string) => boolean} */
  const isDone = (choice, code = "") => draft.done.some((each) => each.startsWith(`${choice} ${code}`));
  /** @type {(words: string) => Node} */
  const said = (words) => make("p", {}, `${words}: ${say("mail.answered")}`);
  return [
    make("ul", { class: "files" }, ...check_ins.map(({ code, due_at, waits_for }) => make("li", {},
      make("strong", {}, waits_for), " ", say("night.due", { time: time(due_at) }),
      isDone("checked-in", code) ? said(say("checkin")) : row(button(`${say("checkin")}: ${code}`, () => answer(withWords(open, code), choose(open, "checked-in"))))))),
    ...chains.map((code) => {
      const words = `${say("night.stop")}: ${code}`;
      return isDone("stop-chain", code) ? said(words) : sure(`stop-${code}-${id}`, words, () => answer(withWords(open, code), choose(open, "stop-chain")));
    }),
    isDone("laptop-gone") ? said(say("night.laptop")) : sure(`laptop-${id}`, say("night.laptop"), () => answer(open, choose(open, "laptop-gone"))),
    ...answerForm(open),
  ];
}

/** @param {Open} open */
function legForm(open) {
  const { opens_at, closes_at, spoken } = open.message.content;
  return [
    make("p", {}, `${time(Number(opens_at))} – ${time(Number(closes_at))}`),
    Boolean(spoken) && make("p", {}, say("code", { code: String(spoken) })),
    ...choiceForm(open),
  ];
}

/** @param {Open} open */
function referralForm(open) {
  return [
    row(button(say("take"), () => answer(open, choose(open, "take")))),
    writing(open, say("reason")),
    row(button(say("refuse"), () => answer(open, choose(open, "refuse")), true)),
  ];
}

/** @param {Open} open */
function placeForm(open) {
  const { draft, message: { id } } = open;
  const parts = () => choose(open, "offer", { number: Number(draft.number) || null, from_day: dayOf(draft.from), to_day: dayOf(draft.to) });
  return [
    field(draft, "number", { id: `n-${id}`, type: "number", label: say("place.people"), hint: "" }),
    field(draft, "from", { id: `from-${id}`, type: "date", label: say("place.from"), hint: "" }),
    field(draft, "to", { id: `to-${id}`, type: "date", label: say("place.to"), hint: "" }),
    row(button(say("place.offer"), () => answer(open, parts())), button(say("withdraw"), () => answer(open, choose(open, "withdraw")), true)),
  ];
}

/** @param {Open} open */
function choiceForm(open) {
  const choices = CHOICES[open.message.kind] ?? [];
  return [row(...choices.map(([value, key], at) => button(say(key), () => answer(open, choose(open, value)), at > 0)))];
}

/**
 * @param {Open} open
 * @param {string} choice
 * @param {Partial<import("../wire/submission.js").Answer>} [more]
 * @returns {import("../wire/submission.js").Parts}
 */
function choose({ message }, choice, more = {}) {
  return { kind: "answer", answer: { to: message.id, choice, ...more } };
}

/**
 * The same message, answered with given words.
 *
 * @param {Open} open
 * @param {string} words
 * @returns {Open}
 */
function withWords(open, words) {
  return { ...open, draft: { ...open.draft, words } };
}

/**
 * @param {Open} open
 * @param {import("../wire/submission.js").Parts} parts
 * @param {string} [language]
 */
async function answer({ thread, message, draft }, parts, language = speaks()) {
  if (parts.kind === "message" && draft.words.trim() === "") {
    tell(say("form.empty"));
    return;
  }
  try {
    await send(thread, { ...parts, narrative: { text: draft.words.trim(), language } });
    const done = [...draft.done, `${parts.answer?.choice ?? ""} ${draft.words.trim()}`];
    drafts.set(message.id, { ...BLANK, sent: message.kind === "night" ? "" : parts.kind ?? "message", done });
    draw();
    tell(say("mail.answered"));
  } catch (trouble) {
    tell(sentenceFor(trouble));
  }
}

/**
 * @param {Open} open
 * @param {string} label
 * @param {number} [lines]
 */
function writing({ message, draft }, label, lines = 4) {
  return field(draft, "words", { id: `w-${message.id}`, lines, most: 9000, label, hint: "" });
}

/** @param {...Node} buttons */
function row(...buttons) {
  return make("div", { class: "row" }, ...buttons);
}

/**
 * @param {string} words
 * @param {() => Promise<void>} act
 * @param {boolean} [isQuiet]
 */
function button(words, act, isQuiet = false) {
  return make("button", { type: "button", class: isQuiet ? "plain" : null, onclick: () => void act() }, words);
}

/**
 * What is hard to take back: one tap opens it, another does it.
 *
 * @param {string} id
 * @param {string} words
 * @param {() => Promise<void>} act
 */
function sure(id, words, act) {
  return make("details", { class: "card", id }, make("summary", {}, words), row(button(say("night.sure"), act)));
}

/** @param {string} typed */
function dayOf(typed) {
  return typed ? Math.floor(Date.parse(typed) / 86_400_000) : null;
}
