// Which questions are asked beside the page's own, and in which order, as questions.py reads it (docs/formats.md section 21).

/** All of ours, where a coalition has chosen nothing. */
const OURS = ["area", "when", "name", "reach", "not", "more"];

/**
 * @param {string | undefined} text
 * @returns {string[]}
 */
export function readQuestions(text) {
  /** @type {Map<string, string>} */
  const asked = new Map();
  for (const word of (text ?? "").split(/\s+/)) {
    const name = word.replace(/\?$/, "");
    if ((OURS.includes(word) || /^own\.[1-8]\??$/.test(word)) && !asked.has(name)) asked.set(name, word);
  }
  return asked.size > 0 ? [...asked.values()] : OURS;
}
