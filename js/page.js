// The witness's page, as the relay serves it: first screen, then everything else in one order whatever anybody does.
import { sendTestimony, sentenceFor } from "./page/delivery.js";
import { make } from "./page/dom.js";
import { learnDuty } from "./page/duty.js";
import { loadBy } from "./page/lazy.js";
import { guardWords, watchEscape } from "./page/leave.js";
import { draw, show, tell } from "./page/screens.js";
import { deliverBy } from "./page/sending.js";
import { startScreen } from "./page/start.js";
import { hasWords } from "./page/testimony.js";
import { open, preferred, say, speak } from "./page/words.js";

const seal = once(() => import("./seal.js"));

/**
 * Do something one time, and again only if it failed.
 *
 * @template T
 * @param {() => Promise<T>} act
 * @returns {() => Promise<T>}
 */
function once(act) {
  /** @type {Promise<T> | null} */
  let doing = null;
  return () => (doing ??= act().catch((trouble) => { doing = null; throw trouble; }));
}

async function loadRest() {
  const words = await fetch("words.json", { cache: "no-store", credentials: "omit" });
  open(await words.json());
  await seal();
  draw();
  await learnDuty().catch((trouble) => tell(sentenceFor(trouble)));
  draw();
}

function begin() {
  loadRest().catch(() => {
    document.getElementById("status")?.replaceWith(
      make("p", { id: "status", role: "status" }, say("broken"), " ", make("button", { type: "button", class: "plain", onclick: retry }, say("again"))));
  });
}

/** @param {{ target: HTMLElement }} event */
function retry({ target }) {
  target.parentElement?.replaceWith(make("p", { id: "status", role: "status", "aria-live": "polite" }));
  begin();
}

loadBy({ seal, files: once(() => import("./files.js")), media: once(() => import("./media.js")) });
deliverBy(sendTestimony, sentenceFor);
speak(preferred(navigator.languages));
watchEscape();
guardWords(hasWords);
show(startScreen);
begin();
