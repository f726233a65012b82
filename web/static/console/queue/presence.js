// Who else looks at an incident: told to the others while it is open here, and heard from them.

import { request } from "../../shared/api.js";
import { now } from "../../shared/clock.js";
import { redraw } from "../../shared/redraw.js";
import { who } from "../../shared/session.js";

/** What the server keeps a viewing for is 30 s. */
const RENEW = 20_000;

/** @type {Map<string, number>} when each viewing of the open incident ends, by the server's clock */
let others = new Map();
/** @type {number | null} */
let incident = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/** Says that this incident is looked at here, and the last one is not any more. @param {number | null} id */
export function look(id) {
  if (id === incident) return;
  clearInterval(timer);
  if (incident !== null) tell("DELETE", incident);
  incident = id;
  others = new Map();
  if (id === null) return;
  lookOn();
  timer = setInterval(() => {
    if (document.visibilityState === "visible") lookOn();
    redraw();
  }, RENEW);
}

/** Says again that the incident is looked at. */
export function lookOn() {
  if (incident !== null) tell("PUT", incident);
}

/** Takes in who was there already. @param {{ user_id: string, until: string }[]} viewers */
export function viewers(viewers = []) {
  for (const { user_id, until } of viewers) others.set(user_id, Date.parse(until));
}

/** Takes in an event. @param {{ incident_id: number, user_id: string, until: string | null }} event */
export function viewing({ incident_id, user_id, until }) {
  if (incident_id !== incident) return;
  // Another tab of the same person has left: this one is still here.
  if (!until && user_id === who()?.user) return lookOn();
  if (until) others.set(user_id, Date.parse(until));
  else others.delete(user_id);
}

/** The other moderators who look at it now. */
export function alsoHere() {
  return [...others].filter(([user, until]) => until > now() && user !== who()?.user).map(([user]) => user);
}

/** That others do not see us there is no reason to disturb. @param {"PUT" | "DELETE"} method @param {number} id */
function tell(method, id) {
  request(method, `/moderation/incidents/${id}/viewing`).catch(() => {});
}
