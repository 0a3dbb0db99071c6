// To whom a submission is sealed today: from the coalition's id in the page's address, by signatures alone, to day keys.
import { unhex } from "../crypto/bytes.js";
import { NobodyThere } from "./errors.js";
import { readHead, vouchers } from "./heads.js";
import { INTAKE, isPublishedBy, readKeys } from "./published.js";
import { followRoll, readRollRecords } from "./roll.js";

const MOST_READERS = 4;
/** The relay keeps published keys for so many days after their period. */
const KEPT_DAYS = 64;

/**
 * @typedef {import("./published.js").Published} Published
 * @typedef {import("./roll.js").Roll} Roll
 * @typedef {(path: string) => Promise<Uint8Array>} Ask
 * @typedef {{ exercise: boolean, day: number, readers: Published[], staleDays: number }} Sheet
 */

/**
 * Fetch and check all that says who may read. Raises NotAsSigned where a signature is wrong, NobodyThere without keys.
 *
 * @param {string} name the coalition's id in hex
 * @param {Ask} ask
 * @returns {Promise<Sheet>}
 */
export async function readSheet(name, ask) {
  const coalition = unhex(name);
  const versions = followRoll(readRollRecords(await ask("roll?since=0")), name);
  const newest = /** @type {{ roll: Roll }} */ (versions[versions.length - 1]).roll;
  const head = readHead(await ask("head"), newest, coalition);
  const firm = await firmRoll(versions, head, newest, coalition, ask);
  const gone = new Set(newest.devices.filter((entry) => entry.removed).map((entry) => entry.number));
  const duty = firm.devices.filter((entry) => entry.may_take_duty && !entry.removed && !gone.has(entry.number));
  const { readers, staleDays } = await findReaders(duty, head.day, coalition, ask);
  return { exercise: newest.exercise, day: head.day, readers, staleDays };
}

/**
 * The newest roll that people of two organisations vouch for; the founding one stands by the coalition's id.
 *
 * @param {{ roll: Roll, record: import("./roll.js").RollRecord }[]} versions
 * @param {import("./heads.js").HeadAnswer} head
 * @param {Roll} newest
 * @param {Uint8Array} coalition
 * @param {Ask} ask
 */
async function firmRoll(versions, head, newest, coalition, ask) {
  const enough = Math.min(2, new Set(newest.devices.filter((entry) => !entry.removed).map((entry) => entry.organisation)).size);
  for (const { roll, record } of [...versions].reverse()) {
    if (record.at === 0) return roll;
    const organisations = await vouchers(record, head, newest, coalition, (size) => ask(`inclusion?number=${record.at}&size=${size}`));
    if (organisations.size >= enough) return roll;
  }
  throw new NobodyThere();
}

/**
 * Today's keys; where there are none, each device's newest of the last two months, and for how long nobody was there.
 *
 * @param {import("./roll.js").Device[]} duty
 * @param {number} today
 * @param {Uint8Array} coalition
 * @param {Ask} ask
 */
async function findReaders(duty, today, coalition, ask) {
  for (const since of [today, today - KEPT_DAYS]) {
    const keys = readKeys(await ask(`keys?since=${since}`)).filter(({ purpose }) => purpose === INTAKE);
    const valid = keys.filter((published) => {
      const device = duty.find(({ number }) => number === published.device);
      return device && isPublishedBy(published, device.key, coalition);
    });
    const usable = newestOfEach(since === today ? valid.filter(({ period }) => period === today) : valid.filter(({ period }) => period <= today));
    if (usable.length > 0) {
      const latest = Math.max(...usable.map(({ period }) => period));
      return { readers: spread(usable.filter(({ period }) => period === latest), duty), staleDays: today - latest };
    }
  }
  throw new NobodyThere();
}

/** @param {Published[]} keys */
function newestOfEach(keys) {
  /** @type {Map<number, Published>} */
  const newest = new Map();
  for (const key of keys) if ((newest.get(key.device)?.period ?? -1) < key.period) newest.set(key.device, key);
  return [...newest.values()].sort((one, other) => one.device - other.device);
}

/**
 * At most four, of as many organisations as there are.
 *
 * @param {Published[]} keys
 * @param {import("./roll.js").Device[]} duty
 */
function spread(keys, duty) {
  /** @type {Map<number, number>} */
  const turns = new Map();
  const ranked = keys.map((key) => {
    const organisation = duty.find(({ number }) => number === key.device)?.organisation ?? 0;
    const turn = turns.get(organisation) ?? 0;
    turns.set(organisation, turn + 1);
    return { key, turn };
  });
  return ranked.sort((one, other) => one.turn - other.turn || one.key.device - other.key.device).slice(0, MOST_READERS).map(({ key }) => key);
}
