// Countries in the reader's language, named by the browser: no list of names travels.
import { say, speaks } from "./words.js";

/** ISO 3166-1 alpha-2, joined. `zz` is said for "not said". */
const CODES = [
  "adaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjblbmbnbobqbrbsbtbvbwbybzcacccdcfcgchcickclcmcncocrcucvcwcxcy",
  "czdedjdkdmdodzeceeegeheresetfifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgyhkhmhnhrhthuidieiliminioiqirisit",
  "jejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdmemfmgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngni",
  "nlnonpnrnunzompapepfpgphpkplpmpnprpsptpwpyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsvsxsysztctdtftgthtjtk",
  "tltmtntotrtttvtwtzuaugumusuyuzvavcvevgvivnvuwfwsyeytzazmzw",
].join("");

/** Not one of them: nobody said where. */
export const UNSAID = "zz";

/** @returns {[string, string][]} code and name, by name */
export function countries() {
  const codes = CODES.match(/../g) ?? [];
  const named = codes.map((code) => /** @type {[string, string]} */ ([code, nameOf(code)]));
  const order = new Intl.Collator(speaks());
  return [...named.sort((one, other) => order.compare(one[1], other[1])), [UNSAID, say("unsaid")]];
}

/** @param {string} code */
function nameOf(code) {
  // Chrome 80 has no names: the code is what is left then.
  if (!("DisplayNames" in Intl)) return code.toUpperCase();
  return new Intl.DisplayNames([speaks()], { type: "region" }).of(code.toUpperCase()) ?? code.toUpperCase();
}
