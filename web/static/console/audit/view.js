// The audit log: who did what, found and taken along.

import { ApiError, page } from "../../shared/api.js";
import { download } from "../../shared/download.js";
import { failure } from "../../shared/failure.js";
import { dateTime, dictionary, plural } from "../../shared/language.js";
import { html, live, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href, replace, route } from "../../shared/router.js";
import { say } from "../../shared/toast.js";
import { uuid } from "../people/uuid.js";
import { UserField } from "../user-field.js";
import { short } from "../words.js";
import { asCsv, asLines } from "./export.js";

/** @typedef {import("../../../types/api").components["schemas"]["AuditEntry"]} Entry */

const words = dictionary(
  {
    title: "Audit log", lead: "Whatever moderators do stands here for ever. Each entry is chained to the one before it.", filters: "Filters", action: "Action",
    actionHint: "rule, or rule.update", actor: "Who (id)", since: "From", until: "Until",
    when: "When", who: "Who", what: "What", detail: "Detail", server: "the server", older: "Older entries", csv: "Export as CSV", lines: "Export as JSON Lines",
    empty: "Nothing was found.", clear: "Clear the filters", loading: "Loading…",
    exported: (/** @type {number} */ n) => `Exported: ${plural(n, "entry", "entries")}.`,
    cut: "Only the newest were exported: narrow the filter for the others.", stop: "Stop",
    reading: (/** @type {number} */ n) => `Read: ${plural(n, "entry", "entries")}…`, table: "Entries of the audit log",
  },
  {
    title: "Journal d’audit", lead: "Tout ce que font les modérateurs reste ici pour toujours. Chaque entrée est liée à la précédente.", filters: "Filtres",
    action: "Action", actionHint: "rule, ou rule.update", actor: "Qui (id)", since: "Depuis", until: "Jusqu’à",
    when: "Quand", who: "Qui", what: "Quoi", detail: "Détail", server: "le serveur", older: "Entrées plus anciennes", csv: "Exporter en CSV",
    lines: "Exporter en JSON Lines", empty: "Rien n’a été trouvé.", clear: "Effacer les filtres", loading: "Chargement…",
    exported: (n) => `Export : ${plural(n, "entrée", "entrées")}.`, cut: "Seules les plus récentes ont été exportées : affinez le filtre pour les autres.",
    stop: "Arrêter", reading: (n) => `Lecture : ${plural(n, "entrée", "entrées")}…`, table: "Entrées du journal d’audit",
  },
);

/** @type {Record<string, [string, string]>} in English and French */
const ACTIONS = {
  "rule.create": ["wrote a rule", "a écrit une règle"], "rule.update": ["changed a rule", "a modifié une règle"],
  "rule.delete": ["deleted a rule", "a supprimé une règle"], "rule.restore": ["restored a rule", "a restauré une règle"],
  "rules.import": ["imported the rules", "a importé les règles"], "incident.decide": ["decided an incident", "a décidé d’un incident"],
  "ban.set": ["banned somebody", "a banni quelqu’un"], "ban.lift": ["lifted a ban", "a levé un bannissement"],
  "user.disconnect": ["disconnected somebody", "a déconnecté quelqu’un"], "message.redact": ["removed a message", "a supprimé un message"],
  "policy.set": ["changed the policy", "a modifié le règlement"],
  "retention.run": ["forgot what was kept long enough", "a effacé ce qui était conservé depuis assez longtemps"],
  "incident.reopen": ["took a decision back", "a repris une décision"], "room.read": ["read a room", "a lu un salon"],
  "rule.backtest": ["tried a rule on past messages", "a testé une règle sur les messages passés"],
  "rule.calibrate": ["calibrated a rule of the classifier", "a calibré une règle du classifieur"],
  "rule.try": ["was shown messages that a rule would match", "a vu des messages auxquels une règle s’appliquerait"],
  "room.delete": ["deleted a room", "a supprimé un salon"],
};
const sentence = dictionary((/** @type {string} */ action) => ACTIONS[action]?.[0] ?? action, (action) => ACTIONS[action]?.[1] ?? action);

const PAGE = 100;
const SHOWN = 5_000;
const EXPORTED = 10_000;
const FIELDS = /** @type {const} */ (["action", "actor", "since", "until"]);
/** Addresses have moments in UTC: whoever gets one sees the same entries. */
const MOMENTS = ["since", "until"];

const actorField = new UserField((actor) => choose({ actor }));

/** @type {Entry[]} */
let entries = [];
/** @type {string | null} */
let next = null;
/** @type {unknown} */
let problem = null;
let isLoading = false;
let asked = 0;
/** What is done again after a problem. @type {() => void} */
let again = load;
/** @type {{ read: number, stop: AbortController } | null} */
let exporting = null;

/** What the server is asked. */
function query() {
  const given = route().query;
  const moment = (/** @type {string} */ name) => {
    const at = new Date(given.get(name) ?? "");
    return Number.isNaN(at.getTime()) ? null : at.toISOString();
  };
  return { action: given.get("action"), actor: uuid(given.get("actor") ?? ""), since: moment("since"), until: moment("until"), limit: PAGE };
}

async function load() {
  again = load;
  const question = ++asked;
  entries = [];
  next = null;
  await reading(question, () => page("/moderation/audit", { query: query() }));
}

const more = () => (next ? reading(asked, () => page(/** @type {string} */ (next))) : undefined);

/** @param {number} question @param {() => Promise<{ items: Entry[], next: string | null }>} read */
async function reading(question, read) {
  isLoading = true;
  problem = null;
  redraw();
  try {
    const found = await read();
    if (question !== asked) return;
    entries = [...entries, ...found.items];
    next = found.next;
  } catch (error) {
    if (question === asked) problem = error;
  }
  isLoading = false;
  redraw();
}

/** @type {import("../main.js").View} */
export const view = { title: () => words().title, enter, leave: () => exporting?.stop.abort(), render };

function enter() {
  const given = route().query.get("actor");
  if (given && !uuid(given)) void actorField.take(given);
  void load();
}

/** @param {Partial<Record<typeof FIELDS[number], string>>} changed */
function choose(changed) {
  const given = route().query;
  const before = Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? ""]));
  replace("audit", { ...before, actor: uuid(before.actor) ?? "", ...changed });
}

/** @param {Event} event */
function change({ target }) {
  const { name, value } = /** @type {HTMLInputElement} */ (target);
  if (name === "actor") return void actorField.take(value);
  const text = value.trim();
  choose({ [name]: text && MOMENTS.includes(name) ? new Date(text).toISOString() : text });
}

/** A moment as the field has it, in the reader's time. @param {string} moment */
function local(moment) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - 60_000 * at.getTimezoneOffset()).toISOString().slice(0, 16);
}

/** @param {"csv" | "jsonl"} kind */
async function take(kind) {
  const stop = new AbortController();
  exporting = { read: 0, stop };
  problem = null;
  again = () => void take(kind);
  redraw();
  try {
    /** @type {Entry[]} */
    const taken = [];
    const first = { ...query(), limit: 500 };
    let found = await patiently(() => page("/moderation/audit", { query: first, signal: stop.signal }));
    for (;;) {
      taken.push(...found.items);
      exporting.read = taken.length;
      redraw();
      if (!found.next || taken.length >= EXPORTED) break;
      found = await patiently(() => page(/** @type {string} */ (found.next), { signal: stop.signal }));
    }
    if (kind === "csv") download(asCsv(taken), "audit.csv", "text/csv");
    else download(asLines(taken), "audit.jsonl", "application/jsonl");
    say(`${words().exported(taken.length)}${found.next ? ` ${words().cut}` : ""}`);
  } catch (error) {
    if (!stop.signal.aborted) problem = error;
  }
  exporting = null;
  redraw();
}

/**
 * Asks again when the server has time again.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter ?? 1)));
    }
  }
}

function render() {
  const w = words();
  const given = route().query;
  const shown = (/** @type {string} */ name) => (MOMENTS.includes(name) ? local(given.get(name) ?? "") : (given.get(name) ?? ""));
  const field = (/** @type {"action" | "since" | "until"} */ name, type = "text", hint = "") => html`<label>${w[name]}
    <input name=${name} type=${type} placeholder=${hint} spellcheck="false" .value=${live(shown(name))}></label>`;
  return html`<header><h1>${w.title}</h1><p class="quiet">${w.lead}</p></header>
    <form class="stack" aria-label=${w.filters} @change=${change} @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <div class="fields">${field("action", "text", w.actionHint)}${actorField.input({ id: "audit-actor", name: "actor", label: w.actor, value: uuid(shown("actor")) ?? "" })}
        ${field("since", "datetime-local")}${field("until", "datetime-local")}</div>
      ${actorField.notice("audit-actor")}
    </form>
    <div class="actions">${exporting
      ? html`<span role="status">${w.reading(exporting.read)}</span><button @click=${() => exporting?.stop.abort()}>${w.stop}</button>`
      : html`<button @click=${() => take("csv")}>${w.csv}</button><button @click=${() => take("jsonl")}>${w.lines}</button>`}</div>
    ${problem ? failure(problem, again) : nothing}
    ${entries.length ? html`<div class="table" tabindex="0" role="region" aria-label=${w.table}><table>
      <thead><tr><th scope="col">#</th><th scope="col">${w.when}</th><th scope="col">${w.what}</th><th scope="col">${w.who}</th></tr></thead>
      <tbody>${repeat(entries, ({ seq }) => seq, row)}</tbody></table></div>` : html`<p class="quiet" role="status">${isLoading ? w.loading : problem ? "" : w.empty}</p>
      ${!isLoading && !problem && FIELDS.some((name) => given.get(name)) ? html`<div><button @click=${() => replace("audit")}>${w.clear}</button></div>` : nothing}`}
    ${next && entries.length < SHOWN ? html`<div><button ?disabled=${isLoading} @click=${more}>${w.older}</button></div>` : nothing}`;
}

/** @param {Entry} entry */
function row({ seq, at, actor, action, detail, hash }) {
  const w = words();
  return html`<tr><td class="number">${seq}</td><td><time datetime=${at}>${dateTime(at)}</time></td>
    <td>${sentence()(action)} ${target(detail)}<div class="mono quiet">${action}</div>
      <details><summary>${w.detail}</summary><pre class="mono">${JSON.stringify(detail, null, 2)}</pre><p class="mono quiet">${hash}</p></details></td>
    <td>${actor ? html`<a class="mono" href=${href("people", actor)}>${short(actor)}</a>` : w.server}</td></tr>`;
}

/** A link to what it was done to. @param {unknown} detail */
function target(detail) {
  const { rule_id, rule, incident_id, incident, user_id, user, room_id, room } = /** @type {Record<string, any>} */ (detail ?? {});
  const to = (/** @type {string} */ view, /** @type {any} */ id) => (["string", "number"].includes(typeof id) ? html`<a class="mono" href=${href(view, id)}>${typeof id === "string" ? short(id) : id}</a> ` : nothing);
  return [to("rules", rule_id ?? rule), to("queue", incident_id ?? incident), to("people", user_id ?? user), to("rooms", room_id ?? room)];
}
