// What is known about one person: whether they are here, strikes, bans, incidents, notes.

import { request } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { dateTime, dictionary, plural } from "../../shared/language.js";
import { html, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href } from "../../shared/router.js";
import { askBan, askDisconnect, isInForce } from "../ban.js";
import { badge, isRemoved } from "../words.js";
import { banList, lift, mayLift } from "./bans.js";
import { copyButton } from "./copy.js";
import { actor } from "./person.js";

/** @typedef {import("../../../types/api").components["schemas"]["UserRecord"]} UserRecord */

const words = dictionary(
  {
    back: "All people", loading: "Loading…", refresh: "Read again", connected: "Connected", away: "Not connected", banned: "Banned", notBanned: "Not banned",
    counted: (/** @type {number} */ n) => `${plural(n, "strike counts", "strikes count")} now`, ban: "Ban…", banOther: "Ban otherwise…", lift: "Lift the ban",
    disconnect: "Disconnect…", queue: "Their incidents in the queue",
    strikes: "Strikes", strikesHint: "A blocked message is a strike. Strikes that have led to a ban do not count again.", at: "When", incident: "Incident",
    counts: "Counts", until: (/** @type {string} */ when) => `until ${when}`, over: "not any more", taken: "taken back",
    noStrikes: "No strikes.", bans: "Bans", noBans: "Never banned.", incidents: "Incidents", noIncidents: "No incidents.", status: "Status",
    what: "What happened", about: "About", message: "Message", room: "Room", removed: "The text was removed.",
    notes: "Notes", noNotes: "Moderators have noted nothing.", most: "Only the last 100 are shown.",
  },
  {
    back: "Toutes les personnes", loading: "Chargement…", refresh: "Relire", connected: "En ligne", away: "Pas en ligne", banned: "Bannissement en cours",
    notBanned: "Pas de bannissement",
    counted: (n) => `${plural(n, "avertissement compte", "avertissements comptent")} actuellement`, ban: "Bannir…", banOther: "Bannir autrement…",
    lift: "Lever le bannissement", disconnect: "Déconnecter…", queue: "Ses incidents dans la file",
    strikes: "Avertissements", strikesHint: "Un message bloqué vaut un avertissement. Ceux qui ont mené à un bannissement ne comptent plus.", at: "Quand",
    incident: "Incident", counts: "Compte", until: (when) => `jusqu’au ${when}`, over: "ne compte plus", taken: "retiré",
    noStrikes: "Aucun avertissement.", bans: "Bannissements", noBans: "Aucun bannissement.", incidents: "Incidents", noIncidents: "Aucun incident.",
    status: "État", what: "Ce qui s’est passé", about: "À propos de", message: "Message", room: "Salon", removed: "Le texte a été supprimé.",
    notes: "Notes", noNotes: "Les modérateurs n’ont rien noté.", most: "Seuls les 100 derniers sont affichés.",
  },
);

const MOST = 100;
const SOON = 300;

/** @type {{ id: string | null, record: UserRecord | null, window: number | null, problem: unknown }} */
const dossier = { id: null, record: null, window: null, problem: null };
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

/** Opens the dossier of somebody, or closes it. @param {string | null} id */
export function openDossier(id) {
  clearTimeout(later);
  if (dossier.id !== id) Object.assign(dossier, { record: null, problem: null });
  dossier.id = id;
  if (id) void load();
}

/** Reads it again soon, where it is about this person. @param {string} [id] anybody where it is left out */
export function refreshDossier(id = dossier.id ?? "") {
  if (id !== dossier.id || !id) return;
  clearTimeout(later);
  later = setTimeout(load, SOON);
}

async function load() {
  const { id } = dossier;
  if (!id) return;
  const mine = ++asked;
  try {
    const [record, policy] = await Promise.all([request("GET", `/moderation/users/${encodeURIComponent(id)}`), request("GET", "/moderation/policy")]);
    if (mine !== asked) return;
    Object.assign(dossier, { record, window: policy.strike_window_seconds * 1000, problem: null });
  } catch (error) {
    if (mine === asked) dossier.problem = error;
  }
  redraw();
}

/** Takes in what came of an action. @param {unknown} problem */
function done(problem) {
  if (problem) dossier.problem = problem;
  else refreshDossier();
  redraw();
}

/** @param {Promise<boolean>} asking */
const then = async (asking) => void ((await asking) && refreshDossier());

/** @param {string} id */
export const banPerson = (id) => then(askBan(id));
/** @param {string} id */
export const disconnectPerson = (id) => then(askDisconnect(id));

/** @param {string} id */
export function dossierPage(id) {
  const w = words();
  const { record, problem } = dossier;
  return html`<div class="row"><a href=${href("people")}>← ${w.back}</a></div>
    <div class="row"><h1 class="mono people-title">${id}</h1>${copyButton(id)}</div>
    ${problem ? failure(problem, load) : nothing}
    ${record ? contents(record) : problem ? nothing : html`<p class="quiet">${w.loading}</p>`}`;
}

/** @param {UserRecord} record */
function contents(record) {
  const w = words();
  const { user_id: id } = record;
  const ban = record.bans.find(isInForce);
  return html`<div class="people-facts" role="status">
      <span class="badge ${record.connected ? "good" : ""}">${record.connected ? w.connected : w.away}</span>
      <span class="badge ${ban ? "bad" : ""}">${ban ? w.banned : w.notBanned}</span>
      <span class="badge ${record.strikes_counted ? "warn" : ""}">${w.counted(record.strikes_counted)}</span>
    </div>
    <div class="actions">
      ${ban && mayLift(ban) ? html`<button type="button" class="primary" @click=${() => lift(ban, done)}>${w.lift}</button>` : nothing}
      ${!ban || mayLift(ban) ? html`<button type="button" class=${ban ? "" : "danger"} @click=${() => banPerson(id)}>${ban ? w.banOther : w.ban}</button>` : nothing}
      <button type="button" @click=${() => disconnectPerson(id)}>${w.disconnect}</button>
      <button type="button" @click=${load}>${w.refresh}</button>
      <a class="button" href=${href("queue", { status: "", user_id: id })}>${w.queue}</a>
    </div>
    <div class="people-columns">
      ${section(w.strikes, record.strikes, w.noStrikes, strikes(record))}
      ${section(w.bans, record.bans, w.noBans, banList(record.bans, { withWho: false, done }))}
      ${section(w.incidents, record.incidents, w.noIncidents, incidents(record))}
      ${section(w.notes, record.notes, w.noNotes, notes(record))}
    </div>`;
}

/**
 * @param {string} title
 * @param {readonly unknown[]} items
 * @param {string} none
 * @param {unknown} body
 */
function section(title, items, none, body) {
  return html`<section class="card">
    <h2>${title}</h2>
    ${items.length ? body : html`<p class="quiet">${none}</p>`}
    ${items.length >= MOST ? html`<p class="hint">${words().most}</p>` : nothing}
  </section>`;
}

/** @param {UserRecord} record */
function strikes(record) {
  const w = words();
  return html`<p class="hint">${w.strikesHint}</p><div class="table people-table" tabindex="0" role="region" aria-label=${w.strikes}><table>
    <thead><tr><th scope="col">${w.at}</th><th scope="col">${w.incident}</th><th scope="col">${w.counts}</th></tr></thead>
    <tbody>${repeat(record.strikes, ({ incident_id, at }) => `${incident_id} ${at}`, ({ incident_id, at, taken_back }) => html`<tr>
      <td><time datetime=${at}>${dateTime(at)}</time></td><td><a href=${href("queue", incident_id)}>${incident_id}</a></td><td>${taken_back ? w.taken : counts(at)}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {string} at */
function counts(at) {
  const end = Date.parse(at) + (dossier.window ?? 0);
  return end > Date.now() ? words().until(dateTime(new Date(end).toISOString())) : words().over;
}

/** @param {UserRecord} record */
function incidents(record) {
  const w = words();
  return html`<div class="table people-table people-incidents" tabindex="0" role="region" aria-label=${w.incidents}><table>
    <thead><tr><th scope="col">${w.incident}</th><th scope="col">${w.status}</th><th scope="col">${w.what}</th><th scope="col">${w.about}</th><th scope="col">${w.message}</th><th scope="col">${w.room}</th><th scope="col">${w.at}</th></tr></thead>
    <tbody>${repeat(record.incidents, ({ id }) => id, (incident) => html`<tr>
      <td><a href=${href("queue", incident.id)}>${incident.id}</a></td><td>${badge("status", incident.status)}</td><td>${badge("action", incident.action)}</td><td>${badge("category", incident.category)}</td>
      <td class="people-text">${isRemoved(incident.message) ? html`<span class="quiet">${w.removed}</span>` : html`<span class="clip">${incident.message}</span>`}</td>
      <td><a href=${href("rooms", incident.room_id, { message: incident.message_id })}>${incident.room_id}</a></td>
      <td><time datetime=${incident.created_at}>${dateTime(incident.created_at)}</time></td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {UserRecord} record */
function notes(record) {
  const w = words();
  return html`<ul class="people-notes">${repeat(record.notes, ({ incident_id, at }) => `${incident_id} ${at}`, ({ incident_id, by, at, text }) => html`<li>
    <p class="message-text">${text}</p>
    <p class="small quiet">${actor(by)} · <time datetime=${at}>${dateTime(at)}</time> · <a href=${href("queue", incident_id)}>${w.incident} ${incident_id}</a></p>
  </li>`)}</ul>`;
}
