// The way to the relay: no cookie, no cache, no referrer, and a lost connection is waited for, not reported.
import { say } from "./words.js";
import { tell } from "./screens.js";

/** Seconds between tries while the connection is gone; the last is repeated. */
const WAITS = [1, 2, 4, 8, 15];

/** What the relay refused. `code` is the relay's own (docs/errors.md). */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   */
  constructor(status, code) {
    super(`The relay refused: ${code}.`);
    this.status = status;
    this.code = code;
  }
}

/**
 * Which coalition this page is for, and what its first founders hash to: both stand in the fragment, which browsers do not send.
 */
export function pinned() {
  const [, name = "", pin = ""] = /^#?([0-9a-f]{64})([0-9a-f]{32})$/.exec(location.hash) ?? [];
  return { name, pin };
}

/**
 * Ask the relay once.
 *
 * @param {string} path below the coalition's
 * @param {RequestInit} [how]
 * @returns {Promise<Response>}
 */
export async function askOnce(path, how = {}) {
  const answer = await fetch(`c/${pinned().name}/${path}`, {
    cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", ...how,
  });
  if (!answer.ok) throw new Refused(answer.status, answer.headers.get("Tocsin-Code") ?? `relay.${answer.status}`);
  return answer;
}

/**
 * Ask the relay until it answers: while there is no connection, wait, and say so.
 *
 * @param {string} path
 * @param {RequestInit} [how]
 * @param {(isWaiting: boolean) => void} [note]
 */
export async function ask(path, how = {}, note = noteWaiting) {
  for (let tries = 0; ; tries++) {
    try {
      const answer = await askOnce(path, how);
      if (tries) note(false);
      return answer;
    } catch (trouble) {
      if (trouble instanceof Refused && trouble.status < 500) throw trouble;
      note(true);
      await pause(WAITS[Math.min(tries, WAITS.length - 1)] ?? 15);
    }
  }
}

/**
 * Read all bytes of an answer, asking again if it breaks off.
 *
 * @param {string} path
 * @param {RequestInit} [how]
 */
export async function askBytes(path, how) {
  for (;;) {
    const answer = await ask(path, how);
    try {
      return new Uint8Array(await answer.arrayBuffer());
    } catch {
      await pause(1); // It broke off half-way.
    }
  }
}

/** @param {boolean} isWaiting */
function noteWaiting(isWaiting) {
  tell(isWaiting ? say("waiting") : say("sending"));
}

/**
 * Wait so long, or until the browser says that it is online again.
 *
 * @param {number} seconds
 */
function pause(seconds) {
  return new Promise((resolve) => {
    const go = () => { removeEventListener("online", go); clearTimeout(timer); resolve(undefined); };
    const timer = setTimeout(go, seconds * 1000);
    addEventListener("online", go);
  });
}
