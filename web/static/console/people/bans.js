// Bans: a list, each with what became of it, and lifted from there.

import { ago, dateTime, dictionary } from "../../shared/language.js";
import { html, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { who } from "../../shared/session.js";
import { isInForce, liftBan } from "../ban.js";
import { actor, person } from "./person.js";

/** @typedef {import("../../../types/api").components["schemas"]["Ban"]} Ban */

const words = dictionary(
  {
    bans: "Bans", reason: "Reason", since: "Since", by: "By", until: "Until", policy: "The policy, by itself",
    ever: "For good", inForce: "In force", lifted: (/** @type {string} */ when) => `Lifted ${when}`, over: "Over", lift: "Lift",
    liftOf: (/** @type {string} */ user) => `Lift the ban of ${user}`, adminsLift: "An admin set it: only admins lift it",
  },
  {
    bans: "Bannissements", reason: "Motif", since: "Depuis", by: "Par", until: "Jusqu’au", policy: "Le règlement, automatiquement",
    ever: "Définitif", inForce: "En vigueur", lifted: (when) => `Levé ${when}`, over: "Terminé", lift: "Lever",
    liftOf: (user) => `Lever le bannissement de ${user}`, adminsLift: "Prononcé par un administrateur : seuls les administrateurs le lèvent",
  },
);

/** Whether the person here may lift it. @param {Ban} ban */
export const mayLift = ({ authority }) => authority !== "admin" || who()?.role === "admin";

/** Bans that are being lifted. @type {Set<number>} */
const busy = new Set();

/**
 * Lifts a ban, once at a time.
 * @param {Ban} ban
 * @param {(problem: unknown) => void} done with what went wrong, or `null`
 */
export async function lift(ban, done) {
  if (busy.has(ban.id)) return;
  busy.add(ban.id);
  redraw();
  /** @type {unknown} */
  let problem = null;
  try {
    await liftBan(ban);
  } catch (error) {
    problem = error;
  }
  busy.delete(ban.id);
  done(problem);
  redraw();
}

/**
 * The bans, each with what can be done about it in sight at every width.
 * @param {readonly Ban[]} bans
 * @param {{ withWho: boolean, done: (problem: unknown) => void }} options
 */
export function banList(bans, { withWho, done }) {
  const w = words();
  return html`<ul class="bans" aria-label=${w.bans}>${repeat(bans, ({ id }) => id, (ban) => html`<li class="ban">
    <div class="row spread"><span class="row">${withWho ? person(ban.user_id) : nothing}${state(ban)}</span>
      ${!isInForce(ban) ? nothing : mayLift(ban)
        ? html`<button type="button" aria-label=${w.liftOf(ban.user_id)} ?disabled=${busy.has(ban.id)} @click=${() => lift(ban, done)}>${w.lift}</button>`
        : html`<span class="small quiet">${w.adminsLift}</span>`}</div>
    <figure><figcaption class="small quiet">${w.reason}</figcaption><blockquote class="people-text">${ban.reason}</blockquote></figure>
    <dl class="ban-facts small">
      <div><dt>${w.since}</dt><dd><time datetime=${ban.created_at}>${dateTime(ban.created_at)}</time></dd></div>
      <div><dt>${w.until}</dt><dd>${ban.expires_at ? html`<time datetime=${ban.expires_at}>${dateTime(ban.expires_at)}</time>` : w.ever}</dd></div>
      <div><dt>${w.by}</dt><dd>${ban.created_by ? actor(ban.created_by) : w.policy}</dd></div>
    </dl></li>`)}</ul>`;
}

/** @param {Ban} ban */
function state(ban) {
  const w = words();
  if (ban.lifted_at) return html`<span class="badge" title=${dateTime(ban.lifted_at)}>${w.lifted(ago(ban.lifted_at))}</span>`;
  return isInForce(ban) ? html`<span class="badge bad">${w.inForce}</span>` : html`<span class="badge">${w.over}</span>`;
}
