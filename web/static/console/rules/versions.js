// What a rule was before: its versions, what is different between two of them, and the way back.

import { page, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { failure } from "../../shared/failure.js";
import { dateTime, dictionary } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { say } from "../../shared/toast.js";
import { difference } from "./diff.js";
import { badge } from "../words.js";

/** @typedef {import("./model.js").Rule} Rule */

const words = dictionary(
  {
    title: "Versions", version: (/** @type {number} */ n) => `Version ${n}`, program: "the program", by: "by", compare: "Compare", from: "From", to: "To",
    restore: "Restore", restoreTitle: (/** @type {number} */ n) => `Restore version ${n}?`,
    restoreText: "It is written again as the newest version, in the state that it had:", cancel: "Cancel", restored: "Restored.", more: "Older versions",
    now: "now",
  },
  {
    title: "Versions", version: (n) => `Version ${n}`, program: "le programme", by: "par", compare: "Comparer", from: "De", to: "À", restore: "Rétablir",
    restoreTitle: (n) => `Rétablir la version ${n} ?`, restoreText: "Elle est réécrite comme version la plus récente, dans l’état qu’elle avait :",
    cancel: "Annuler", restored: "Version rétablie.", more: "Versions plus anciennes", now: "actuelle",
  },
);

/** @type {number | null} */
let of = null;
/** @type {Rule[]} */
let list = [];
/** @type {string | null} */
let next = null;
/** @type {unknown} */
let problem = null;
let isReading = false;
let from = 0;
let to = 0;

/** Reads them, where they are another rule's or older than `newest`. @param {number} id @param {number} [newest] */
export function openVersions(id, newest = 0) {
  if (of === id && (isReading || (list[0]?.version ?? 0) >= newest)) return;
  readAnew(id);
}

/** @param {number} id */
function readAnew(id) {
  of = id;
  list = [];
  void more(`/moderation/rules/${id}/versions?limit=20`);
}

/** @param {string} path */
async function more(path) {
  const id = of;
  problem = null;
  isReading = true;
  try {
    const answer = await page(path);
    if (of !== id) return;
    const known = new Set(list.map(({ version }) => version));
    list = [...list, ...answer.items.filter(({ version }) => !known.has(version))];
    next = answer.next;
    if (!known.size) [to, from] = [list[0]?.version ?? 0, list[1]?.version ?? 0];
  } catch (error) {
    if (of === id) problem = error;
  }
  if (of === id) isReading = false;
  redraw();
}

/** @param {Rule} rule @param {(rule: Rule) => void} taken */
async function restore(rule, taken) {
  const w = words();
  const now = list[0];
  /** @type {Rule | null} */
  let written = null;
  const done = await ask({
    title: w.restoreTitle(rule.version), confirm: w.restore, cancel: w.cancel, wide: true,
    body: () => html`<p>${w.restoreText} ${badge("state", rule.state)}</p>${difference(now, rule)}`,
    submit: async () => {
      // Not the route that restores: it would also replace what somebody wrote a moment ago.
      written = await request("PUT", `/moderation/rules/${rule.id}`, { body: rule, headers: { "If-Match": `"${now.version}"` } });
    },
  });
  if (!done || !written) return;
  taken(written);
  say(w.restored);
}

/** @param {number} id @param {Rule | null} base @param {(rule: Rule) => void} taken */
export function versions(id, base, taken) {
  const w = words();
  const [old, now] = [list.find(({ version }) => version === from), list.find(({ version }) => version === to)];
  /** @param {string} label @param {number} value @param {(version: number) => void} set */
  const select = (label, value, set) => html`<label>${label}<select @change=${(/** @type {Event} */ event) => { set(Number(/** @type {HTMLSelectElement} */ (event.target).value)); redraw(); }}>
    ${list.map(({ version }) => html`<option value=${version} .selected=${live(version === value)}>${w.version(version)}</option>`)}</select></label>`;
  return html`<section class="card" aria-labelledby="rule-versions"><h2 id="rule-versions">${w.title}</h2>
    ${problem ? failure(problem, () => readAnew(id)) : nothing}
    <ul class="rule-versions" tabindex="0" aria-labelledby="rule-versions">${list.map((rule) => html`<li>
      <span><strong>${w.version(rule.version)}</strong> ${badge("state", rule.state)} <span class="quiet small">${dateTime(rule.updated_at)} ${w.by} ${rule.updated_by ?? w.program}</span></span>
      ${rule.version === base?.version ? html`<span class="small">${w.now}</span>` : html`<button type="button" aria-label="${w.restore} – ${w.version(rule.version)}" @click=${() => void restore(rule, taken)}>${w.restore}</button>`}</li>`)}</ul>
    ${next ? html`<div><button type="button" @click=${() => next && void more(next)}>${w.more}</button></div>` : nothing}
    ${list.length > 1 ? html`<h3>${w.compare}</h3><div class="rule-pair">${select(w.from, from, (version) => { from = version; })}${select(w.to, to, (version) => { to = version; })}</div>${old && now ? difference(old, now) : nothing}` : nothing}
  </section>`;
}
