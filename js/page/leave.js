// Leave at once: one tap, or Escape twice. What it cannot remove is said on the first screen.

const TWICE_MS = 1500;

/** Where leaving goes: a blank page, unless the coalition's signed words name a place that is more usual there. */
let away = "about:blank";

let mayAsk = true;

/**
 * Go elsewhere when somebody leaves.
 *
 * @param {string | undefined} address
 */
export function leaveTo(address) {
  if (address?.startsWith("https://")) away = address;
}

/** Take the page off the screen, then out of the history's last place. */
export function leave() {
  mayAsk = false;
  document.title = "";
  document.documentElement.textContent = "";
  location.replace(away);
}

/** Leave when Escape is pressed twice. */
export function watchEscape() {
  let last = -TWICE_MS;
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (event.timeStamp - last < TWICE_MS) leave();
    last = event.timeStamp;
  });
}

/**
 * Have the browser ask before words are lost by a stray tap on "back".
 *
 * @param {() => boolean} hasWords
 */
export function guardWords(hasWords) {
  addEventListener("beforeunload", (event) => {
    if (mayAsk && hasWords()) event.preventDefault();
  });
}
