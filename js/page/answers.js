// From what was typed and chosen to the parts of a submission. What was not answered is null: unknown, never no.
import { UNSAID } from "./places.js";
import { say, speaks } from "./words.js";

/** @typedef {import("./testimony.js").Testimony} Testimony */

/** Answers in words that have no field of their own; they follow the account, each under its question. */
const IN_WORDS = /** @type {const} */ (["area", "taker", "consent"]);

/** Answers that are chosen, not typed: said in the words of the page. */
const CHOSEN = ["yes", "no", "unsure"];

/**
 * @param {Testimony} said
 * @param {number} today
 * @returns {import("../wire/submission.js").Parts}
 */
export function partsOf(said, today) {
  return {
    // Who must be warned goes where the person goes: only to who takes the case.
    identity: { name: said.name.trim(), reach: said.reach.trim(), not_ask: said.not.trim(), to_warn: said.warn.trim() },
    narrative: {
      text: accountOf(said), language: speaks(), when: said.when && say(`when.${said.when}`),
      whose: said.whose === "taken" ? "other" : said.whose || null,
      happened_on: said.when === "today" || said.when === "now" ? today : null,
    },
    facts: factsOf(said),
  };
}

/** @param {Testimony} said */
function accountOf(said) {
  const own = Object.entries(said).filter(([name]) => name.startsWith("own."));
  const more = [.../** @type {[string, string][]} */ (IN_WORDS.map((name) => [name, said[name]])), ...own]
    .filter(([, answer]) => answer.trim() !== "")
    .map(([name, answer]) => `${say(`q.${name}`)}\n${CHOSEN.includes(answer) ? say(answer) : answer.trim()}`);
  return [said.what.trim(), ...more].filter(Boolean).join("\n\n");
}

/** @param {Testimony} said */
function factsOf(said) {
  const people = countOf(said.people) ?? 1;
  return {
    place: said.country || UNSAID,
    people: Math.min(Math.max(people, 1), 200),
    n_children: countOf(said.children),
    danger_now: truthOf(said.danger),
    held: truthOf(said.held),
    tortured: truthOf(said.hurt),
    named_others: truthOf(said.named),
    needs_care: truthOf(said.care),
    needs_step_free: truthOf(said.stairs),
    must_leave_by: said.leaveBy ? Math.floor(Date.parse(said.leaveBy) / 86_400_000) : null,
    languages: [speaks()],
  };
}

/** @param {string} answer */
function truthOf(answer) {
  return answer === "yes" ? true : answer === "no" ? false : null;
}

/** @param {string} answer */
function countOf(answer) {
  const count = Number.parseInt(answer, 10);
  return Number.isFinite(count) && count >= 0 && count <= 200 ? count : null;
}
