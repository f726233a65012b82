// The list of the rules: what each is, and what it did.

import { page, request } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { ago, dateTime, dictionary, number, percent, plural } from "../../shared/language.js";
import { html, live, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href } from "../../shared/router.js";
import { who } from "../../shared/session.js";
import { unsaved } from "./drafts.js";
import { badge, called } from "../words.js";
import { exportRules, importRules } from "./exchange.js";
import { CATEGORIES, KINDS, STATES } from "./model.js";

/** @typedef {import("./model.js").Rule} Rule */
/** @typedef {import("../../../types/api").components["schemas"]["Stats"]} Stats */

const words = dictionary(
  {
    title: "Rules", intro: "What the filter looks for in messages, and what it does then.", fresh: "New rule", export: "Export", import: "Import…",
    search: "Search", state: "State", kind: "Kind", category: "Category", all: "All", count: (/** @type {number} */ n) => plural(n, "rule", "rules"),
    name: "Name", action: "Action", today: "Today", month: "30 days", precision: "Precision", updated: "Changed",
    shadow: (/** @type {number} */ n) => `+ ${number(n)} in the shadow`, none: "No rule is like this.", reset: "Show all",
    decided: (/** @type {number} */ right, /** @type {number} */ wrong) => `${right} right, ${wrong} wrong`, unsaved: "unsaved changes",
    begun: "You have begun a new rule.", goOn: "Go on", loading: "Loading…",
  },
  {
    title: "Règles", intro: "Ce que le filtre cherche dans les messages, et ce qu’il fait alors.", fresh: "Nouvelle règle", export: "Exporter",
    import: "Importer…", search: "Rechercher", state: "État", kind: "Type", category: "Catégorie", all: "Tout", count: (n) => plural(n, "règle", "règles"),
    name: "Nom", action: "Action", today: "Aujourd’hui", month: "30 jours", precision: "Précision", updated: "Modifiée",
    shadow: (n) => `+ ${number(n)} à l’essai`, none: "Aucune règle ne correspond.", reset: "Tout afficher",
    decided: (right, wrong) => `${right} à raison, ${wrong} à tort`, unsaved: "modifications non enregistrées", begun: "Vous avez commencé une nouvelle règle.",
    goOn: "Continuer", loading: "Chargement…",
  },
);

const MOST = 2_000;
const SHOWN = 100;

/** @type {Rule[] | null} */
let rules = null;
/** @type {Stats | null} */
let stats = null;
/** @type {unknown} */
let problem = null;
let isReading = false;
let isStale = false;
let shown = SHOWN;
const filter = { text: "", state: "", kind: "", category: "" };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let due;

/** Reads them again soon; many changes are read once. */
export function refreshLater() {
  clearTimeout(due);
  due = setTimeout(() => void refresh(), 300);
}

/** Reads the rules and what they did. */
export async function refresh() {
  if (isReading) {
    isStale = true;
    return;
  }
  isReading = true;
  isStale = false;
  try {
    const since = new Date(Date.now() - 30 * 86_400_000).toISOString();
    const numbers = request("GET", "/moderation/stats", { query: { since } });
    numbers.catch(() => {});
    /** @type {Rule[]} */
    const all = [];
    for (let next = /** @type {string | null} */ ("/moderation/rules?limit=500"); next && all.length < MOST;) {
      const answer = await page(next);
      all.push(...answer.items);
      next = answer.next;
    }
    rules = all;
    stats = await numbers;
    problem = null;
  } catch (error) {
    problem = error;
  }
  isReading = false;
  redraw();
  if (isStale) refreshLater();
}

/** @param {number} id @param {boolean} shadow @param {string} [day] */
const hits = (id, shadow, day) => (stats?.hits ?? []).reduce((sum, hit) => (hit.rule_id === id && hit.shadow === shadow && (!day || hit.day === day) ? sum + hit.count : sum), 0);

export function ruleList() {
  const w = words();
  const text = filter.text.trim().toLowerCase();
  const found = (rules ?? []).filter((rule) => (!filter.state || rule.state === filter.state) && (!filter.kind || rule.kind === filter.kind) && (!filter.category || rule.category === filter.category)
    && (!text || `${rule.name} ${rule.note ?? ""} ${rule.id} ${JSON.stringify("terms" in rule ? rule.terms : "")}`.toLowerCase().includes(text)));
  const open = new Set(unsaved());
  /** @param {"state" | "kind" | "category"} name @param {readonly string[]} values */
  const select = (name, values) => html`<label>${w[name]}<select @change=${(/** @type {Event} */ event) => { filter[name] = /** @type {HTMLSelectElement} */ (event.target).value; redraw(); }}>
    <option value="" .selected=${live(!filter[name])}>${w.all}</option>${values.map((value) => html`<option value=${value} .selected=${live(filter[name] === value)}>${called(name, value)}</option>`)}</select></label>`;
  const table = html`<div class="table" tabindex="0" role="region" aria-label=${w.title}><table class="rules">
    <thead><tr><th scope="col">${w.name}</th><th scope="col">${w.state}</th><th scope="col">${w.action}</th><th scope="col">${w.kind}</th><th scope="col">${w.category}</th>
      <th scope="col" class="number">${w.today}</th><th scope="col" class="number">${w.month}</th><th scope="col" class="number">${w.precision}</th><th scope="col">${w.updated}</th></tr></thead>
    <tbody>${repeat(found.slice(0, shown), ({ id }) => id, (rule) => row(rule, open.has(rule.id)))}</tbody></table></div>`;
  return html`<div class="row spread"><div><h1>${w.title}</h1><p class="quiet">${w.intro}</p></div><div class="actions">
      <a class="button rule-new" href=${href("rules", "new")}>${w.fresh} <kbd>N</kbd></a><button type="button" @click=${() => void exportRules()}>${w.export}</button>
      ${who()?.role === "admin" ? html`<button type="button" @click=${() => void importRules()}>${w.import}</button>` : nothing}</div></div>
    ${open.has("new") ? html`<div class="notice warn"><span>${w.begun}</span><a class="button" href=${href("rules", "new")}>${w.goOn}</a></div>` : nothing}
    ${problem ? failure(problem, () => void refresh()) : nothing}
    <div class="fields"><label>${w.search}<input id="rules-search" type="search" autocomplete="off" .value=${live(filter.text)} @input=${(/** @type {Event} */ event) => { filter.text = /** @type {HTMLInputElement} */ (event.target).value; redraw(); }}></label>
      ${select("state", STATES)}${select("kind", KINDS)}${select("category", CATEGORIES)}</div>
    <p class="small quiet" role="status">${rules ? w.count(found.length) : w.loading}</p>
    ${rules && !found.length ? html`<p>${w.none} <button type="button" class="link" @click=${() => { Object.assign(filter, { text: "", state: "", kind: "", category: "" }); redraw(); }}>${w.reset}</button></p>` : nothing}
    ${found.length ? table : nothing}
    ${found.length > shown ? html`<div><button type="button" @click=${() => { shown += SHOWN; redraw(); }}>+ ${number(Math.min(SHOWN, found.length - shown))}</button></div>` : nothing}`;
}

/** @param {Rule} rule @param {boolean} isOpen */
function row(rule, isOpen) {
  const w = words();
  const day = new Date().toISOString().slice(0, 10);
  const precision = stats?.precision.find(({ rule_id }) => rule_id === rule.id);
  /** @param {string} [on] */
  const cell = (on) => html`<td class="number">${stats ? number(hits(rule.id, false, on)) : "–"}${hits(rule.id, true, on) ? html`<br><span class="quiet small">${w.shadow(hits(rule.id, true, on))}</span>` : nothing}</td>`;
  return html`<tr><th scope="row"><a href=${href("rules", rule.id)}>${rule.name}</a>${isOpen ? html` <span class="badge warn">${w.unsaved}</span>` : nothing}</th>
    <td>${badge("state", rule.state)}</td><td>${badge("does", rule.action)}</td><td>${called("kind", rule.kind)}</td><td>${called("category", rule.category)}</td>${cell(day)}${cell()}
    <td class="number">${typeof precision?.precision === "number" ? html`<span title=${w.decided(precision.right, precision.wrong)}>${percent(precision.precision)}</span>` : "–"}</td><td title=${dateTime(rule.updated_at)}>${ago(rule.updated_at)}</td></tr>`;
}
