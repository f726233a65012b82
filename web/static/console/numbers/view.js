// The numbers: how much the rules catch, what is decided, how often they are right. Each chart has its table.

import { page, request } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { date, dictionary, language, number, percent } from "../../shared/language.js";
import { html, keyed, nothing, ref } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href, replace } from "../../shared/router.js";
import { style } from "../../shared/style.js";
import { called } from "../words.js";
import { byDay, lastDays, precision } from "./series.js";

/** @typedef {import("../../../types/api").components["schemas"]["Stats"]} Stats */
/** @typedef {import("./chart.js").Series} Series */

const words = dictionary(
  {
    title: "Numbers", days: (/** @type {number} */ n) => `Last ${n} days`, span: "Time", hits: "Matches of rules", decisions: "Decisions",
    bans: "Bans", precision: "Precision", shadow: "In the shadow",
    hitsText: "A message counts for each rule that finds it, by what the rule asks for. Rules in the shadow change nothing.",
    decisionsText: "Each incident once, on the day it was decided.",
    bansText: "On the day they were set.", precisionText: "Upheld or removed, of all that was decided.",
    table: "As a table", day: "Day", none: "Nothing in this time.", rules: "Rule by rule", rule: "Rule", total: "Matches", right: "Right", wrong: "Wrong",
    open: "Open", latency: "How long judging takes",
    judged: "Messages judged since the start", p50: "Half of them take at most", p99: "99 of 100 take at most",
    micros: (/** @type {number} */ n) => `${number(n)} µs`, node: "On the node that answered.", loading: "Loading…",
    number: (/** @type {number} */ id) => `Rule ${id}`,
  },
  {
    title: "Chiffres", days: (n) => `${n} derniers jours`, span: "Période", hits: "Règles déclenchées", decisions: "Décisions",
    bans: "Bannissements", precision: "Précision", shadow: "À l’essai",
    hitsText: "Un message compte pour chaque règle qui le trouve, selon ce qu’elle demande. Les règles à l’essai ne changent rien.",
    decisionsText: "Chaque incident une fois, le jour de la décision.",
    bansText: "Le jour où ils ont été prononcés.", precisionText: "Confirmés ou supprimés, parmi tous ceux qui ont été décidés.",
    table: "En tableau", day: "Jour", none: "Rien sur cette période.", rules: "Règle par règle", rule: "Règle", total: "Messages trouvés", right: "Justes",
    wrong: "Erreurs", open: "À traiter", latency: "Durée du jugement",
    judged: "Messages jugés depuis le démarrage", p50: "La moitié prend au plus", p99: "99 sur 100 prennent au plus", micros: (n) => `${number(n)} µs`,
    node: "Sur le nœud qui a répondu.", loading: "Chargement…", number: (id) => `Règle ${id}`,
  },
);

const SPANS = [7, 30, 90, 365];
/** @type {Record<string, string>} */
const COLOURS = {
  block: "--bad", reject: "--text", hold: "--warn", mask: "--quiet", flag: "--accent", allow: "--good", shadow: "--quiet",
  upheld: "--bad", removed: "--warn", dismissed: "--accent", released: "--text",
};

/** @type {Stats | null} */
let stats = null;
/** @type {Map<number, string>} */
let names = new Map();
/** @type {unknown} */
let problem = null;
let span = 30;
/** The time that `stats` is about. */
let read = 30;
/** @type {AbortController | null} */
let reading = null;
let drawing = 0;

style("/web/vendor/uplot/uPlot.min.css");
style("/web/console/numbers/numbers.css");

async function load() {
  reading?.abort();
  reading = new AbortController();
  const { signal } = reading;
  problem = null;
  const wanted = span;
  try {
    const [counts, rules] = await Promise.all([request("GET", "/moderation/stats", { query: { since: `${lastDays(wanted)[0]}T00:00:00Z` }, signal }), page("/moderation/rules", { query: { limit: 500 }, signal })]);
    if (signal.aborted) return;
    stats = counts;
    read = wanted;
    names = new Map(rules.items.map(({ id, name }) => [id, name]));
    drawing += 1;
  } catch (error) {
    if (signal.aborted) return;
    problem = error;
  }
  redraw();
}

/** @type {import("../main.js").View} */
export const view = {
  title: () => words().title,
  enter({ query }) {
    const wanted = Number(query.get("days"));
    span = SPANS.includes(wanted) ? wanted : 30;
    void load();
  },
  leave() {
    reading?.abort();
    stats = null;
  },
  render,
};

function render() {
  const w = words();
  return html`<header class="row spread"><h1>${w.title}</h1>
      <label>${w.span}<select @change=${(/** @type {Event} */ { target }) => replace("numbers", { days: /** @type {HTMLSelectElement} */ (target).value })}>
        ${SPANS.map((days) => html`<option value=${days} ?selected=${days === span}>${w.days(days)}</option>`)}</select></label></header>
    ${problem ? failure(problem, load) : nothing}
    ${stats && read === span ? figures(stats) : problem ? nothing : html`<p class="quiet" role="status">${w.loading}</p>`}`;
}

/** @param {Stats} read */
function figures(read) {
  const w = words();
  const days = lastDays(span);
  const lines = (/** @type {Map<string, number[]>} */ map, /** @type {(key: string) => string} */ label) => [...map].map(([key, values]) => ({ label: label(key), colour: COLOURS[key] ?? "--text", values }));
  const hits = lines(byDay(days, read.hits, ({ action, shadow }) => (shadow ? "shadow" : action)), (key) => (key === "shadow" ? w.shadow : called("action", key)));
  const decided = lines(byDay(days, read.decided, ({ status }) => status), (key) => called("status", key));
  const bans = lines(byDay(days, read.bans_by_day, () => "upheld"), () => w.bans);
  const right = precision(days, read.decided);
  return html`<div class="numbers">
      ${figure("hits", w.hits, w.hitsText, days, hits)}
      ${figure("decisions", w.decisions, w.decisionsText, days, decided)}
      ${figure("precision", w.precision, w.precisionText, days, right.some((value) => value !== null) ? [{ label: w.precision, colour: "--accent", values: right }] : [], percent)}
      ${figure("bans", w.bans, w.bansText, days, bans)}
    </div>
    ${byRule(read)}
    <section class="card" aria-labelledby="latency"><h2 id="latency">${w.latency}</h2><dl class="pairs">
      <div><dt>${w.judged}</dt><dd>${number(read.latency.judged)}</dd></div><div><dt>${w.p50}</dt><dd>${w.micros(read.latency.p50_micros)}</dd></div><div><dt>${w.p99}</dt><dd>${w.micros(read.latency.p99_micros)}</dd></div>
    </dl><p class="quiet small">${w.node}</p></section>`;
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} text
 * @param {string[]} days
 * @param {Series[]} series
 * @param {(value: number) => string} [write]
 */
function figure(id, title, text, days, series, write = number) {
  const w = words();
  const told = days.map((day, index) => ({ day, index })).filter(({ index }) => series.some(({ values }) => values[index] !== null && (values[index] !== 0 || write === percent))).reverse();
  return html`<section class="card" aria-labelledby=${id}><h2 id=${id}>${title}</h2><p class="quiet small">${text}</p>
    ${series.length ? html`${keyed(`${drawing}${language()}`, html`<div class="chart" aria-hidden="true" ${ref(draw(days, series, write))}></div>`)}
      <details><summary>${w.table}</summary><div class="table" tabindex="0" role="group" aria-label=${title}><table><thead><tr><th>${w.day}</th>${series.map(({ label }) => html`<th class="number">${label}</th>`)}</tr></thead>
        <tbody>${told.map(({ day, index }) => html`<tr><th scope="row">${date(day)}</th>${series.map(({ values }) => html`<td class="number">${values[index] === null ? "–" : write(/** @type {number} */ (values[index]))}</td>`)}</tr>`)}</tbody></table></div></details>`
    : html`<p class="quiet">${w.none}</p>`}</section>`;
}

/** @type {WeakMap<Element, true>} */
const drawn = new WeakMap();

/** @param {string[]} days @param {Series[]} series @param {(value: number) => string} write */
const draw = (days, series, write) => (/** @type {Element | undefined} */ element) => {
  if (!(element instanceof HTMLElement) || drawn.has(element)) return;
  drawn.set(element, true);
  void import("./chart.js").then(({ chart }) => {
    if (!element.isConnected) return;
    const stop = chart(element, days, series, write);
    const gone = new MutationObserver(() => {
      if (element.isConnected) return;
      gone.disconnect();
      stop();
    });
    gone.observe(document.body, { childList: true, subtree: true });
  });
};

/** @param {Stats} read */
function byRule({ hits, precision }) {
  const w = words();
  /** @type {Map<number, { live: number, shadow: number }>} */
  const counts = new Map();
  for (const { rule_id, shadow, count } of hits) {
    const known = counts.get(rule_id) ?? { live: 0, shadow: 0 };
    known[shadow ? "shadow" : "live"] += count;
    counts.set(rule_id, known);
  }
  for (const { rule_id } of precision) counts.set(rule_id, counts.get(rule_id) ?? { live: 0, shadow: 0 });
  const rows = [...counts].sort(([, a], [, b]) => b.live + b.shadow - a.live - a.shadow);
  const of = new Map(precision.map((each) => [each.rule_id, each]));
  return html`<section class="stack" aria-labelledby="by-rule"><h2 id="by-rule">${w.rules}</h2>
    ${rows.length ? html`<div class="table" tabindex="0" role="group" aria-label=${w.rules}><table>
      <thead><tr><th>${w.rule}</th><th class="number">${w.total}</th><th class="number">${w.shadow}</th><th class="number">${w.right}</th><th class="number">${w.wrong}</th><th class="number">${w.open}</th><th class="number">${w.precision}</th></tr></thead>
      <tbody>${rows.map(([id, { live, shadow }]) => {
        const known = of.get(id);
        return html`<tr><th scope="row"><a href=${href("rules", id)}>${names.get(id) ?? w.number(id)}</a></th><td class="number">${number(live)}</td><td class="number">${number(shadow)}</td>
          <td class="number">${number(known?.right ?? 0)}</td><td class="number">${number(known?.wrong ?? 0)}</td><td class="number">${number(known?.open ?? 0)}</td><td class="number">${typeof known?.precision === "number" ? percent(known.precision) : "–"}</td></tr>`;
      })}</tbody></table></div>` : html`<p class="quiet">${w.none}</p>`}</section>`;
}
