// Decisions that wait a few seconds before they are sent, so that an unlucky key can be taken back. They wait in this tab,
// whichever view is open; a page that goes away sends them.

import { sendLast } from "../../shared/api.js";
import { who } from "../../shared/session.js";

/** @typedef {import("./list.js").Incident} Incident */
/** @typedef {import("./decision.js").Decision} Decision */
/**
 * @typedef {object} Waiting
 * @property {Incident} incident
 * @property {Decision} decision
 * @property {string | null} note
 * @property {string | undefined} user who decided: nobody else sends it
 * @property {import("../../shared/toast.js").Countdown} countdown
 * @property {() => Promise<boolean>} send answers whether it was taken
 * @property {ReturnType<typeof setTimeout>} timer
 */

/** How long a decision waits. */
export const DELAY = 6_000;

/** @type {Map<number, Waiting>} by incident */
const waiting = new Map();

/** What waits to be decided about this incident. @param {number} id */
export const waitingFor = (id) => waiting.get(id) ?? null;

/** How many decisions wait, of who is signed in. */
export const countWaiting = () => own().length;

const own = () => [...waiting.values()].filter(({ user }) => user === who()?.user);

/**
 * Lets a decision wait, then sends it.
 * @param {Omit<Waiting, "user" | "countdown" | "timer">} decided
 */
export function wait(decided) {
  const { id } = decided.incident;
  const from = performance.now();
  const timer = setTimeout(() => void sendNow(id), DELAY);
  const entry = { ...decided, user: who()?.user, countdown: { from, ends: from + DELAY }, timer };
  waiting.set(id, entry);
  return entry;
}

/** Takes a decision back. Answers with it where it had not been sent. @param {number} id */
export function cancel(id) {
  const entry = waiting.get(id);
  clearTimeout(entry?.timer);
  waiting.delete(id);
  return entry ?? null;
}

/** Sends a decision without waiting on. @param {number} id */
export async function sendNow(id) {
  const entry = cancel(id);
  return entry !== null && entry.user === who()?.user && (await entry.send());
}

/** Sends all that wait. Answers whether all were taken. */
export const sendAll = async () => (await Promise.all(own().map(({ incident }) => sendNow(incident.id)))).every(Boolean);

/** Takes all back. */
export function cancelAll() {
  for (const id of [...waiting.keys()]) cancel(id);
}

/** The path and the body that decide. @param {Pick<Waiting, "incident" | "decision" | "note">} decided */
export const requestOf = ({ incident, decision, note }) => ({ path: `/moderation/incidents/${incident.id}/decision`, body: { decision, note } });

// Whoever leaves in these seconds is asked, in the browser's words. Who leaves all the same has decided: what waits is sent.
addEventListener("beforeunload", (event) => {
  if (countWaiting()) event.preventDefault();
});
addEventListener("pagehide", () => {
  for (const entry of own()) {
    const { path, body } = requestOf(entry);
    cancel(entry.incident.id);
    sendLast(path, body);
  }
});
