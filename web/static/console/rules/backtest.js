// The back-test: what the rule would have done to the messages that are stored.

import { ApiError, refuse, send } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { date, dateTime, dictionary, number, plural } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { badge } from "../words.js";
import { highlight, spansOf } from "../../shared/highlight.js";
import { draftOf } from "./model.js";

/** @typedef {import("../../../types/api").components["schemas"]["BacktestReport"]} Report */
/** @typedef {import("../../../types/api").components["schemas"]["Sample"]} Sample */
/** @typedef {import("./drafts.js").Draft} Draft */

const words = dictionary(
  {
    title: "Back-test", hint: "Tries the rule on messages that were really written, as if it had been live. Nothing is changed and nobody notices.",
    since: "Messages since", all: "All", days: (/** @type {number} */ n) => (n === 1 ? "The last 24 hours" : `The last ${n} days`), limit: "At most",
    limitAll: "All messages", newest: (/** @type {number} */ n) => `The newest ${number(n)}`, run: "Run the back-test", cancel: "Cancel",
    progress: (/** @type {number} */ scanned, /** @type {number} */ total, /** @type {number} */ matched) => `${number(scanned)} of ${number(total)} messages read, ${number(matched)} found`,
    bar: "Progress of the back-test", cancelled: "Cancelled.",
    scanned: "Messages tried", matched: "Found by the rule", caught: "Newly caught", released: "Let through instead", rooms: "By room", room: "Room",
    count: "Messages", samples: "the first 100 at most",
    caughtHint: "Something stronger would happen to them.", releasedHint: "Something weaker would happen to them.", same: "Found, and nothing changes",
    none: "None.", old: "The rule was changed since this back-test.",
    speed: (/** @type {number} */ micros) => `${number(micros, { maximumFractionDigits: 1 })} µs a message`,
    from: "before", to: "after", more: (/** @type {number} */ n) => plural(n, "room", "rooms"),
  },
  {
    title: "Test sur l’historique",
    hint: "Essaie la règle sur des messages réellement écrits, comme si elle avait été en vigueur. Rien n’est modifié et personne ne le remarque.",
    since: "Messages depuis", all: "Tous", days: (n) => (n === 1 ? "Les dernières 24 heures" : `Les ${n} derniers jours`), limit: "Au plus",
    limitAll: "Tous les messages", newest: (n) => `Les ${number(n)} plus récents`, run: "Lancer le test", cancel: "Arrêter",
    progress: (scanned, total, matched) => `${number(scanned)} messages lus sur ${number(total)}, ${number(matched)} trouvés`, bar: "Avancement du test",
    cancelled: "Arrêté.",
    scanned: "Messages essayés", matched: "Trouvés par la règle", caught: "Nouvellement attrapés", released: "Désormais relâchés", rooms: "Par salon",
    room: "Salon", count: "Messages", samples: "les 100 premiers au plus",
    caughtHint: "Il leur arriverait quelque chose de plus sévère.", releasedHint: "Il leur arriverait quelque chose de moins sévère.",
    same: "Trouvés, sans rien changer", none: "Aucun.", old: "La règle a changé depuis ce test.",
    speed: (micros) => `${number(micros, { maximumFractionDigits: 1 })} µs par message`,
    from: "avant", to: "après", more: (n) => plural(n, "salon", "salons"),
  },
);

const DAYS = [1, 7, 30, 90];
const LIMITS = [1_000, 10_000, 100_000];
const ORDER = ["pass", "allow", "flag", "mask", "hold", "reject", "block"];

let days = "";
let limit = "100000";
/** @type {{ id: Draft["id"], of: string, scanned: number, total: number, matched: number, report: Report | null, problem: unknown, abort: AbortController, isCancelled: boolean } | null} */
let test = null;

/** @param {Draft} draft */
async function run(draft) {
  test?.abort.abort();
  const mine = (test = { id: draft.id, of: JSON.stringify(draft.form), scanned: 0, total: 0, matched: 0, report: /** @type {Report | null} */ (null), problem: /** @type {unknown} */ (null), abort: new AbortController(), isCancelled: false });
  redraw();
  try {
    const since = days ? new Date(Date.now() - Number(days) * 86_400_000).toISOString() : null;
    const rule = draftOf(draft.form, draft.id === "new" ? null : draft.id);
    const body = { draft: { ...rule, name: rule.name || "?" }, since, limit: limit ? Number(limit) : null };
    const response = await send("POST", "/moderation/backtest", { body, headers: { Accept: "application/x-ndjson" }, signal: mine.abort.signal });
    await refuse(response);
    const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      const parts = (rest + (value ?? "")).split("\n");
      rest = done ? "" : (parts.pop() ?? "");
      for (const part of parts.filter(Boolean)) {
        const line = JSON.parse(part);
        if (line.error_message) throw new ApiError(500, line.error_message);
        if ("samples" in line) mine.report = line;
        else Object.assign(mine, { scanned: line.scanned, total: line.total, matched: line.matched });
      }
      redraw();
      if (done) break;
    }
    if (!mine.report) throw new ApiError(0, "The answer broke off.");
  } catch (error) {
    if (!mine.abort.signal.aborted) mine.problem = error;
  }
  redraw();
}

function cancel() {
  if (!test) return;
  test.isCancelled = true;
  test.abort.abort();
  redraw();
}

/** Stops where nobody looks on. */
export const stopBacktest = () => void (test && !test.report && cancel());

/** @param {Draft} draft */
export function backtest(draft) {
  const w = words();
  const mine = test?.id === draft.id ? test : null;
  const isRunning = mine && !mine.report && !mine.problem && !mine.isCancelled;
  return html`<section class="card" aria-labelledby="rule-backtest"><h2 id="rule-backtest">${w.title}</h2>
    <p class="hint">${w.hint}</p>
    <div class="fields">
      <label>${w.since}<select @change=${(/** @type {Event} */ event) => { days = /** @type {HTMLSelectElement} */ (event.target).value; redraw(); }}>
        <option value="" .selected=${live(days === "")}>${w.all}</option>${DAYS.map((n) => html`<option value=${n} .selected=${live(days === String(n))}>${w.days(n)}</option>`)}</select></label>
      <label>${w.limit}<select @change=${(/** @type {Event} */ event) => { limit = /** @type {HTMLSelectElement} */ (event.target).value; redraw(); }}>
        ${LIMITS.map((n) => html`<option value=${n} .selected=${live(limit === String(n))}>${w.newest(n)}</option>`)}<option value="" .selected=${live(limit === "")}>${w.limitAll}</option></select></label>
    </div>
    <div class="actions">${isRunning ? html`<button type="button" @click=${cancel}>${w.cancel}</button>` : html`<button type="button" @click=${() => void run(draft)}>${w.run}</button>`}</div>
    ${isRunning ? html`<progress aria-label=${w.bar} max=${mine.total || 1} .value=${mine.scanned}></progress>` : nothing}
    <p class="small" role="status">${isRunning ? w.progress(mine.scanned, mine.total, mine.matched) : mine?.isCancelled ? w.cancelled : ""}</p>
    ${mine?.problem ? failure(mine.problem, () => void run(draft)) : nothing}
    ${mine?.report ? report(mine.report, mine.of !== JSON.stringify(draft.form)) : nothing}
  </section>`;
}

/** @param {Report} found @param {boolean} isOld */
function report(found, isOld) {
  const w = words();
  const step = (/** @type {Sample} */ { before, after }) => ORDER.indexOf(after) - ORDER.indexOf(before);
  /** @type {[string, number][]} */
  const counts = [[w.scanned, found.scanned], [w.matched, found.matched], [w.caught, found.newly_caught], [w.released, found.released]];
  return html`${isOld ? html`<p class="notice warn" role="status">${w.old}</p>` : nothing}
    <dl class="rule-counts">${counts.map(([name, count]) => html`<div><dt>${name}</dt><dd>${number(count)}</dd></div>`)}</dl>
    <p class="hint">${w.speed(found.micros_per_message)} · ${w.samples}</p>
    ${list(`+ ${w.caught}`, w.caughtHint, "added", found.samples.filter((sample) => step(sample) > 0))}
    ${list(`− ${w.released}`, w.releasedHint, "removed", found.samples.filter((sample) => step(sample) < 0))}
    ${list(w.same, "", "", found.samples.filter((sample) => step(sample) === 0))}
    ${found.by_room.length ? html`<details><summary>${w.rooms} (${w.more(found.by_room.length)})</summary><div class="table" tabindex="0" role="region" aria-label=${w.rooms}><table><thead><tr><th scope="col">${w.room}</th><th scope="col" class="number">${w.count}</th></tr></thead>
      <tbody>${found.by_room.map(({ room_id, count }) => html`<tr><td>${room_id}</td><td class="number">${number(count)}</td></tr>`)}</tbody></table></div></details>` : nothing}`;
}

/** @param {string} title @param {string} hint @param {string} tone @param {Sample[]} samples */
function list(title, hint, tone, samples) {
  const w = words();
  return html`<details ?open=${tone !== ""}><summary>${title} (${number(samples.length)})</summary>
    ${hint ? html`<p class="hint">${hint}</p>` : nothing}
    ${samples.length ? html`<ul class="rule-samples ${tone}" tabindex="0" aria-label=${title}>${samples.map(({ message, before, after, matches }) => html`<li>
      <p class="row small"><span class="visually-hidden">${w.from}</span>${badge("does", before)}<span aria-hidden="true">→</span><span class="visually-hidden">${w.to}</span>${badge("does", after)}
        <span class="quiet" title=${dateTime(message.created_at)}>${w.room} ${message.room_id} · ${date(message.created_at)}</span></p>
      <p>${highlight(message.message, spansOf(matches))}</p></li>`)}</ul>` : html`<p class="quiet small">${w.none}</p>`}
  </details>`;
}
