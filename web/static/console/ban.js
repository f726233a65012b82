// Keeping somebody out, letting them in again, and ending their connections: asked for first, taken back where that can be.

import { ApiError, request } from "../shared/api.js";
import { now } from "../shared/clock.js";
import { ask } from "../shared/dialog.js";
import { on } from "../shared/events.js";
import { explain } from "../shared/failure.js";
import { dictionary } from "../shared/language.js";
import { html, nothing } from "../shared/lit.js";
import { redraw } from "../shared/redraw.js";
import { say, unsay } from "../shared/toast.js";

/** @typedef {import("../../types/api").components["schemas"]["Ban"]} Ban */

const words = dictionary(
  {
    ban: "Ban this person", duration: "For how long", hour: "1 hour", day: "24 hours", week: "7 days", month: "30 days", ever: "For good",
    until: "Until a date",
    untilWhen: "Until", reason: "Reason", reasonHint: "For moderators: the person does not see it.", banned: "Banned.", lifted: "The ban is lifted.",
    earlier: "The earlier ban holds again.", undo: "Undo",
    banAgain: "Ban again", cancel: "Cancel", needsDate: "Say until when, in the future.", disconnect: "Disconnect this person",
    disconnectText: "Their connections are closed (4004). They may come back.", disconnected: "Disconnected.", wasAway: "They were not connected here.",
    notUndone: "That could not be undone.",
  },
  {
    ban: "Bannir cette personne", duration: "Pour combien de temps", hour: "1 heure", day: "24 heures", week: "7 jours", month: "30 jours",
    ever: "Définitivement", until: "Jusqu’à une date",
    untilWhen: "Jusqu’au", reason: "Motif", reasonHint: "Pour les modérateurs : la personne ne le voit pas.", banned: "Bannissement prononcé.",
    lifted: "Le bannissement est levé.", earlier: "Le bannissement précédent s’applique à nouveau.", undo: "Annuler",
    banAgain: "Bannir à nouveau", cancel: "Abandonner", needsDate: "Indiquez une date à venir.", disconnect: "Déconnecter cette personne",
    disconnectText: "Ses connexions sont fermées (4004). Elle peut revenir.", disconnected: "Personne déconnectée.", wasAway: "Elle n’était pas connectée ici.",
    notUndone: "Cela n’a pas pu être annulé.",
  },
);

const HOUR = 3_600_000;
/** @type {Record<string, number | null>} */
const SPANS = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR, ever: null };

/** @param {Ban} ban */
export const isInForce = ({ lifted_at, expires_at }) => lifted_at === null && (expires_at === null || Date.parse(expires_at) > now());

/** What short words speak of. @param {string} user */
const banned = (user) => `banned ${user}`;
/** @param {string} user */
const lifted = (user) => `lifted ${user}`;
/** The bans that were set here: another one is somebody else's, and not to be undone from here. @type {Map<string, number>} */
const standing = new Map();

on("ban", ({ id, user_id }) => {
  unsay(lifted(user_id));
  if (standing.get(user_id) !== id) unsay(banned(user_id));
});
on("ban_lifted", ({ user_id }) => unsay(banned(user_id)));

/** Asks for how long and why, and bans. @param {string} user @returns {Promise<boolean>} */
export function askBan(user) {
  const w = words();
  let span = "day";
  /** @param {Event} event */
  const choose = ({ target }) => {
    span = /** @type {HTMLSelectElement} */ (target).value;
    redraw();
  };
  return ask({
    title: w.ban,
    confirm: w.ban,
    cancel: w.cancel,
    danger: true,
    body: () => html`<p class="mono">${user}</p>
      <label>${w.duration}<select name="span" @change=${choose}>
        <option value="hour">${w.hour}</option><option value="day" selected>${w.day}</option><option value="week">${w.week}</option>
        <option value="month">${w.month}</option><option value="ever">${w.ever}</option><option value="until">${w.until}</option>
      </select></label>
      ${span === "until" ? html`<label>${w.untilWhen}<input type="datetime-local" name="until" required></label>` : nothing}
      <label>${w.reason}<textarea name="reason" maxlength="2000" required></textarea></label>
      <p class="hint">${w.reasonHint}</p>`,
    submit: async (form) => {
      const record = await request("GET", `/moderation/users/${encodeURIComponent(user)}`);
      const earlier = record.bans.find(isInForce);
      const ban = { user_id: user, reason: String(form.get("reason")), expires_at: end(span, String(form.get("until"))) };
      await banAs(ban);
      unsay(lifted(user));
      const back = () => (earlier ? undo(() => banAs(earlier), words().earlier, banned(user)) : undo(() => lift(user), words().lifted, lifted(user)));
      say(() => words().banned, { about: banned(user), undo: { label: () => words().undo, run: back } });
    },
  });
}

/**
 * When a ban ends.
 * @param {string} span
 * @param {string} until as the field has it, in the reader's time
 */
function end(span, until) {
  if (span !== "until") {
    const length = SPANS[span];
    return length === null ? null : new Date(now() + length).toISOString();
  }
  const moment = new Date(until);
  if (!(moment.getTime() > now())) throw new ApiError(422, words().needsDate);
  return moment.toISOString();
}

/**
 * Lets somebody in again.
 * @param {{ user_id: string, reason: string, expires_at: string | null }} ban
 */
export async function liftBan({ user_id, reason, expires_at }) {
  await lift(user_id);
  unsay(banned(user_id));
  const back = () => undo(() => banAs({ user_id, reason, expires_at }), words().banned, banned(user_id));
  say(() => words().lifted, { about: lifted(user_id), undo: { label: () => words().banAgain, run: back } });
}

/** @param {string} user */
const lift = (user) => request("DELETE", `/moderation/bans/${encodeURIComponent(user)}`);

/** @param {Pick<Ban, "user_id" | "reason" | "expires_at">} ban @returns {Promise<Ban>} */
async function banAs({ user_id, reason, expires_at }) {
  const ban = await request("POST", "/moderation/bans", { body: { user_id, reason, expires_at } });
  standing.set(user_id, ban.id);
  return ban;
}

/** Asks why, and ends their connections. @param {string} user @returns {Promise<boolean>} */
export function askDisconnect(user) {
  const w = words();
  return ask({
    title: w.disconnect,
    confirm: w.disconnect,
    cancel: w.cancel,
    danger: true,
    body: () => html`<p>${w.disconnectText}</p><label>${w.reason}<textarea name="reason" maxlength="2000" required></textarea></label><p class="hint">${w.reasonHint}</p>`,
    submit: async (form) => {
      const { was_connected } = await request("POST", `/moderation/users/${encodeURIComponent(user)}/disconnect`, { body: { reason: form.get("reason") } });
      say(was_connected ? w.disconnected : w.wasAway, { about: `disconnected ${user}` });
    },
  });
}

/** @param {() => Promise<unknown>} back @param {string} done @param {string} about */
async function undo(back, done, about) {
  try {
    await back();
    say(done, { about });
  } catch (error) {
    const { summary, detail } = explain(error);
    say([words().notUndone, summary, detail].filter(Boolean).join(" "), { tone: "bad" });
  }
}
