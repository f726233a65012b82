// Bans: in a table, each with what became of it, and lifted from there.

import { ago, dateTime, dictionary } from "../../shared/language.js";
import { html, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { isInForce, liftBan } from "../ban.js";
import { actor, person } from "./person.js";

/** @typedef {import("../../../types/api").components["schemas"]["Ban"]} Ban */

const words = dictionary(
  {
    bans: "Bans", who: "Who", reason: "Reason", since: "Since", by: "By", until: "Until", state: "State", action: "What to do", policy: "The policy, by itself",
    ever: "For good", inForce: "In force", lifted: (/** @type {string} */ when) => `Lifted ${when}`, over: "Over", lift: "Lift",
    liftOf: (/** @type {string} */ user) => `Lift the ban of ${user}`,
  },
  {
    bans: "Bannissements", who: "Qui", reason: "Motif", since: "Depuis", by: "Par", until: "Jusqu’au", state: "État", action: "Que faire",
    policy: "La politique, d’elle-même",
    ever: "Définitif", inForce: "En vigueur", lifted: (when) => `Levé ${when}`, over: "Terminé", lift: "Lever",
    liftOf: (user) => `Lever le bannissement de ${user}`,
  },
);

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
 * @param {readonly Ban[]} bans
 * @param {{ withWho: boolean, done: (problem: unknown) => void }} options
 */
export function banTable(bans, { withWho, done }) {
  const w = words();
  return html`<div class="table people-table" tabindex="0" role="region" aria-label=${w.bans}><table>
    <thead><tr>
      ${withWho ? html`<th scope="col">${w.who}</th>` : nothing}
      <th scope="col">${w.state}</th><th scope="col">${w.reason}</th><th scope="col">${w.since}</th><th scope="col">${w.until}</th><th scope="col">${w.by}</th>
      <th scope="col"><span class="visually-hidden">${w.action}</span></th>
    </tr></thead>
    <tbody>${repeat(bans, ({ id }) => id, (ban) => html`<tr>
      ${withWho ? html`<td>${person(ban.user_id)}</td>` : nothing}
      <td>${state(ban)}</td>
      <td class="people-text">${ban.reason}</td>
      <td><time datetime=${ban.created_at}>${dateTime(ban.created_at)}</time></td>
      <td>${ban.expires_at ? html`<time datetime=${ban.expires_at}>${dateTime(ban.expires_at)}</time>` : w.ever}</td>
      <td>${ban.created_by ? actor(ban.created_by) : w.policy}</td>
      <td>${isInForce(ban) ? html`<button type="button" aria-label=${w.liftOf(ban.user_id)} ?disabled=${busy.has(ban.id)} @click=${() => lift(ban, done)}>${w.lift}</button>` : nothing}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {Ban} ban */
function state(ban) {
  const w = words();
  if (ban.lifted_at) return html`<span class="badge" title=${dateTime(ban.lifted_at)}>${w.lifted(ago(ban.lifted_at))}</span>`;
  return isInForce(ban) ? html`<span class="badge bad">${w.inForce}</span>` : html`<span class="badge">${w.over}</span>`;
}
