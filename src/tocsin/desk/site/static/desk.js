/**
 * Copies texts to the clipboard and looks whether a wait is over. Every page works without it: texts can be marked by
 * hand, and waiting pages have a button.
 */

const LOOK_MILLISECONDS = 2000;

/** @param {HTMLButtonElement} button */
function letCopy(button) {
  const source = document.getElementById(button.dataset.copies ?? "");
  if (!source) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = source instanceof HTMLTextAreaElement ? source.value : (source.textContent ?? "");
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.copied ?? "✓";
  });
}

/** @param {HTMLElement} waiting */
async function waitFor(waiting) {
  const address = waiting.dataset.waits ?? "";
  const answer = await fetch(address, { cache: "no-store", credentials: "same-origin" });
  if ((await answer.text()).trim() !== waiting.dataset.stands) {
    location.reload();
    return;
  }
  setTimeout(() => waitFor(waiting), LOOK_MILLISECONDS);
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  if (button instanceof HTMLButtonElement) letCopy(button);
}
for (const waiting of document.querySelectorAll("[data-waits]")) {
  if (waiting instanceof HTMLElement) setTimeout(() => waitFor(waiting), LOOK_MILLISECONDS);
}
