// Photos, video and documents, after the words were sent: cleaned here, sealed while they are read, resumed by themselves.
import { make } from "./dom.js";
import { cleanFile, CannotClean } from "./cleaned.js";
import { send } from "./delivery.js";
import { draw, tell } from "./screens.js";
import { hasEngine } from "./engine.js";
import { upload } from "./uploading.js";
import { say } from "./words.js";

/** @typedef {{ file: File, state: string, values: Record<string, number>, isDone: boolean }} Row */

/** How many files one message can name. */
const MOST_FILES = 20;
const MEGA = 1 << 20;

/** @type {Row[]} */
let rows = [];
let keepsOriginal = false;

/**
 * @param {import("./delivery.js").Thread} thread
 */
export function filesCard(thread) {
  const chooser = make("input", {
    id: "f-files", class: "unseen", type: "file", multiple: true, accept: "image/*,video/mp4,video/quicktime,video/webm,application/pdf", autocomplete: "off",
    onchange: (/** @type {{ target: HTMLInputElement }} */ event) => {
      const files = Array.from(event.target.files ?? []);
      event.target.value = "";
      void addFiles(thread, files);
    },
  });
  const original = make("input", { type: "checkbox", checked: keepsOriginal, onchange: () => { keepsOriginal = !keepsOriginal; } });
  return make("section", { "aria-labelledby": "files-are" },
    make("h2", { id: "files-are" }, say("files")),
    make("p", { class: "hint" }, say("files.lead")),
    make("label", { class: "button wide" }, say("files.choose"), chooser),
    make("label", { class: "choice" }, original, say("files.original")),
    rows.length > 0 && make("ul", { class: "files", "aria-live": "polite" }, ...rows.map(line)));
}

/** @param {Row} row */
function line({ file, state, values, isDone }) {
  const percent = values["n"];
  return make("li", {},
    make("bdi", {}, file.name), make("br"), say(state, values),
    state === "files.sealing" && !isDone && make("progress", { max: 100, value: percent, "aria-label": say(state, values) }));
}

/**
 * Send files one after the other; then one message that says where they lie and what opens them.
 *
 * @param {import("./delivery.js").Thread} thread
 * @param {File[]} files
 */
async function addFiles(thread, files) {
  const fresh = files.slice(0, MOST_FILES).map((file) => ({ file, state: "files.cleaning", values: {}, isDone: false }));
  rows = [...rows, ...fresh];
  draw();
  /** @type {import("./uploading.js").Attachment[]} */
  const sent = [];
  for (const row of fresh) {
    for (const isOriginal of keepsOriginal ? [false, true] : [false]) {
      const one = await sendRow(row, isOriginal);
      if (one) sent.push(one);
    }
  }
  if (sent.length > 0) await send(thread, { kind: "message", attachments: sent });
  for (const row of fresh) if (row.isDone) row.state = "files.sent";
  draw();
  if (sent.length > 0) tell(say("files.sent"));
}

/**
 * @param {Row} row
 * @param {boolean} isOriginal
 */
async function sendRow(row, isOriginal) {
  try {
    const { mostBytes, minutesFor } = await hasEngine();
    if (row.file.size > mostBytes) throw new CannotClean("files.big", { n: Math.floor(mostBytes / MEGA) });
    const clean = await cleanFile(row.file, isOriginal);
    const minutes = minutesFor(clean.size);
    if (minutes > 0) note(row, "files.slow", { n: minutes });
    const one = await upload(clean, (/** @type {number} */ share) => note(row, "files.sealing", { n: Math.floor(100 * share) }));
    row.isDone = true;
    return one;
  } catch (trouble) {
    const known = trouble instanceof CannotClean ? trouble : new CannotClean("files.broken");
    note(row, known.code, known.values);
    return null;
  }
}

/**
 * @param {Row} row
 * @param {string} state
 * @param {Record<string, number>} values
 */
function note(row, state, values) {
  if (row.state === state && row.values["n"] === values["n"]) return;
  row.state = state;
  row.values = values;
  draw();
}
