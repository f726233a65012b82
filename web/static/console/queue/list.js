// The incidents that are loaded, newest first: pages from the server, and what the event stream tells.

import { page } from "../../shared/api.js";
import { redraw } from "../../shared/redraw.js";

/** @typedef {import("../../../types/api").components["schemas"]["Incident"]} Incident */
/** @typedef {Record<"status" | "action" | "category" | "rule_id" | "user_id" | "room_id", string>} Filter */

const PAGE = 100;
/** Beyond so many, narrowing the filter serves better than scrolling. */
export const MOST = 20_000;

export const list = {
  /** @type {Incident[]} */
  items: [],
  /** @type {string | null} */
  next: null,
  isLoading: false,
  /** @type {unknown} */
  problem: null,
  /** Arrived while somebody was reading further down. @type {Incident[]} */
  waiting: [],
};

/** @type {Filter | null} */
let filter = null;
/** Answers to an older question are not shown. */
let asked = 0;
/** What was told while an answer was on its way, which may be older. @type {(() => void)[]} */
let meanwhile = [];

/** Reads the newest ones. @param {Filter} by */
export async function load(by) {
  filter = by;
  list.items = [];
  await again();
}

/** Reads the newest ones again, where some may have been missed. */
export async function again() {
  if (!filter) return;
  const question = ++asked;
  await reading(async () => {
    const { items, next } = await page("/moderation/incidents", { query: { ...filter, limit: PAGE } });
    if (question !== asked) return;
    // What follows these was read before, unless so many came meanwhile that something lies between.
    const known = new Set(list.items.map(({ id }) => id));
    const last = items.at(-1)?.id ?? 0;
    const older = next && items.some(({ id }) => known.has(id)) ? list.items.filter(({ id }) => id < last) : [];
    list.items = [...items, ...older];
    if (!older.length) list.next = next;
    list.waiting = [];
  });
}

/** Reads the next page. */
export async function more() {
  const { next } = list;
  if (!next || list.isLoading || list.items.length >= MOST) return;
  const question = asked;
  await reading(async () => {
    const { items, next: after } = await page(next);
    if (question !== asked) return;
    list.items = [...list.items, ...items];
    list.next = after;
  });
}

/** @param {() => Promise<void>} read */
async function reading(read) {
  const question = asked;
  list.isLoading = true;
  list.problem = null;
  meanwhile = [];
  redraw();
  try {
    await read();
  } catch (problem) {
    if (question === asked) list.problem = problem;
  }
  if (question !== asked) return;
  list.isLoading = false;
  for (const take of meanwhile.splice(0)) take();
  redraw();
}

/**
 * Takes in one that was opened.
 * @param {Incident} incident
 * @param {boolean} atTop whether its coming moves nothing that is read
 */
export function arrived(incident, atTop) {
  if (list.isLoading) meanwhile.push(() => arrived(incident, atTop));
  if (!filter || !fits(incident, filter) || list.items.some(({ id }) => id === incident.id)) return;
  if (atTop) putOnTop([incident]);
  else if (!list.waiting.some(({ id }) => id === incident.id)) list.waiting = [incident, ...list.waiting].slice(0, PAGE);
}

/** Beyond the most, the oldest go. @param {Incident[]} incidents */
function putOnTop(incidents) {
  list.items = [...incidents, ...list.items].slice(0, MOST);
}

/** Shows those that waited. */
export function showWaiting() {
  if (list.waiting.length >= PAGE) return void again();
  putOnTop(list.waiting);
  list.waiting = [];
  redraw();
}

/** Takes in what was decided; it stays in its place until the list is read again. @param {Incident} incident */
export function decided(incident) {
  if (list.isLoading) meanwhile.push(() => decided(incident));
  list.items = list.items.map((known) => (known.id === incident.id ? incident : known));
  list.waiting = list.waiting.filter(({ id }) => id !== incident.id);
}

/** Takes in what an incident has become, where it is listed. Answers whether it is. @param {Incident} incident */
export function changed(incident) {
  decided(incident);
  return list.items.some(({ id }) => id === incident.id);
}

/** How many of those that are loaded are still what is asked for: what was decided stays in its place, and is none. */
export function countFitting() {
  const by = filter;
  return by ? list.items.filter((incident) => fits(incident, by)).length : 0;
}

/** @param {Incident} incident @param {Filter} filter */
function fits(incident, filter) {
  const wants = (/** @type {string} */ value, /** @type {string | number} */ is) => !value || value === String(is);
  return (
    wants(filter.status, incident.status) && (wants(filter.action, incident.action) || (filter.action === "report" && incident.report_count > 0)) && wants(filter.category, incident.category) &&
    wants(filter.user_id, incident.user_id) && wants(filter.room_id, incident.room_id) &&
    (!filter.rule_id || incident.matches.some(({ rule_id }) => String(rule_id) === filter.rule_id))
  );
}
