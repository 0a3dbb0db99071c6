// What is being said: in this page's memory and nowhere else until it is sealed.

/**
 * Everything a person typed or chose, by the name of the question.
 *
 * @typedef {{
 *   what: string, whose: string, taker: string, consent: string, danger: string, held: string, hurt: string, named: string,
 *   warn: string, country: string, area: string, when: string, name: string, reach: string, not: string, people: string,
 *   children: string, care: string, stairs: string, leaveBy: string,
 * }} Testimony
 */

/** @returns {Testimony} */
function nothing() {
  return {
    what: "", whose: "", taker: "", consent: "", danger: "", held: "", hurt: "", named: "", warn: "", country: "", area: "",
    when: "", name: "", reach: "", not: "", people: "", children: "", care: "", stairs: "", leaveBy: "",
  };
}

/** @type {Testimony} */
export let testimony = nothing();

/** Say whether something would be lost. */
export function hasWords() {
  return Object.values(testimony).some((answer) => answer !== "");
}

/** Forget it, once it was sealed and sent. */
export function forget() {
  testimony = nothing();
}
