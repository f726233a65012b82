// Trying the rule on a text and on its own examples while it is typed.

import { ApiError, request } from "../../shared/api.js";
import { explain, failure } from "../../shared/failure.js";
import { dictionary, number, percent, plural } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { badge, called } from "../words.js";
import { highlight, spansOf } from "../../shared/highlight.js";
import { complaint, emptiness } from "./complaint.js";
import { lines, missing, tried, draftOf } from "./model.js";

/** @typedef {import("../../../types/api").components["schemas"]["Checked"]} Checked */
/** @typedef {import("./drafts.js").Draft} Draft */

const words = dictionary(
  {
    title: "Try it", text: "A text, as somebody might write it",
    hint: "Judged as you type, by this rule as if it were live, together with the rules in force. Nothing is sent.",
    outcome: "Outcome", code: (/** @type {number} */ code) => `the connection is closed with ${code}`, delivered: "Delivered as",
    scores: "Scores of the classifier", found: "Found by",
    more: (/** @type {number} */ n) => plural(n, "more match", "more matches"), thisRule: "this rule", shadow: "in the shadow, without effect",
    nothingFound: "No rule finds anything.", missed: "This rule does not find anything here.", passes: "passes", fails: "fails", waiting: "being tried",
    results: "How the examples fare", unfinished: "The rule is not complete yet:",
    onlyFirst: (/** @type {number} */ n) => `The first ${n} are tried while you type; saving tries all.`,
    ok: (/** @type {number} */ n) => plural(n, "example passes", "examples pass"), bad: (/** @type {number} */ n) => plural(n, "fails", "fail"),
    repetition: "A trial knows no earlier messages: a rule of repetition finds nothing here. Use the back-test.", untried: "could not be tried",
  },
  {
    title: "Essayer", text: "Un texte, comme quelqu’un pourrait l’écrire",
    hint: "Jugé pendant la frappe, par cette règle comme si elle était en vigueur, avec celles qui le sont. Rien n’est envoyé.",
    outcome: "Résultat", code: (code) => `la connexion est fermée avec ${code}`, delivered: "Transmis ainsi", scores: "Scores du classifieur",
    found: "Trouvé par", more: (n) => plural(n, "autre résultat", "autres résultats"), thisRule: "cette règle", shadow: "à l’essai, sans effet",
    nothingFound: "Aucune règle ne trouve rien.", missed: "Cette règle ne trouve rien ici.", passes: "réussi", fails: "échoue", waiting: "en cours",
    results: "Résultat des exemples", unfinished: "La règle n’est pas encore complète :",
    onlyFirst: (n) => `Les ${n} premiers sont essayés pendant la frappe ; l’enregistrement les essaie tous.`,
    ok: (n) => plural(n, "exemple réussi", "exemples réussis"), bad: (n) => plural(n, "échoue", "échouent"),
    repetition: "Un essai ne connaît aucun message antérieur : une règle de répétition n’y trouve rien. Utilisez le test sur l’historique.",
    untried: "n’a pas pu être essayé",
  },
);

const TYPING = 250;
const EXAMPLES_AFTER = 600;
/** So far below the limit of requests that other work goes on. */
const BETWEEN = 100;
const MOST = 30;
/** So many matches are told of. */
const MOST_FOUND = 20;

/** @type {{ text: string, checked: Checked } | null} */
let result = null;
/** @type {unknown} */
let problem = null;
/** @type {AbortController | null} */
let asking = null;
/** @type {AbortController | null} */
let testing = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let testsDue;
/** Whether the rule as `judged` has it finds a line; an error where that cannot be said. @type {Map<string, boolean | string>} */
let found = new Map();
let judged = "";

/** What of the rule is not there yet: nobody is asked about it before. @type {string | null} */
let incomplete = null;

/** What the server says against the rule as it stands. */
export const refused = () => incomplete ?? (problem instanceof ApiError && problem.status === 422 ? problem.message : null);

/** Forgets the trial of another rule. */
export function stopTrying() {
  asking?.abort();
  testing?.abort();
  clearTimeout(typing);
  clearTimeout(testsDue);
  result = problem = incomplete = null;
  found = new Map();
  judged = "";
}

/** Tries it soon. @param {Draft} draft */
export function tryLater(draft) {
  clearTimeout(typing);
  typing = setTimeout(() => void tryText(draft), TYPING);
  clearTimeout(testsDue);
  testsDue = setTimeout(() => void tryExamples(draft), EXAMPLES_AFTER);
}

/** @param {Draft} draft */
async function tryText(draft) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const { text, form } = draft;
  const absent = missing(form).find((field) => field !== "name");
  incomplete = absent ? emptiness(absent) : null;
  if (incomplete) {
    result = problem = null;
    return redraw();
  }
  const id = draft.id === "new" ? null : draft.id;
  try {
    const room = draftOf(form).rooms;
    const body = { message: text || " ", draft: { ...tried(form, id), rooms: null }, ...(Array.isArray(room) && typeof room[0] === "number" ? { room_id: room[0] } : {}) };
    const checked = await request("POST", "/moderation/check", { body, signal: mine.signal });
    if (asking !== mine) return;
    result = text ? { text, checked } : null;
    problem = null;
  } catch (error) {
    if (mine.signal.aborted || asking !== mine) return;
    problem = error;
    if (error instanceof ApiError && error.status === 429) setTimeout(() => asking === mine && void tryText(draft), 1000 * (error.retryAfter ?? 1));
  }
  redraw();
}

/** @param {Draft} draft */
async function tryExamples(draft) {
  testing?.abort();
  if (missing(draft.form).some((field) => field !== "name")) return;
  const mine = (testing = new AbortController());
  const rule = tried(draft.form, draft.id === "new" ? null : draft.id);
  // An exception matches without an outcome of its own; what it finds is asked for as if it flagged.
  const asked = JSON.stringify({ ...rule, action: rule.action === "allow" ? "flag" : rule.action });
  if (asked !== judged) {
    judged = asked;
    found = new Map();
  }
  const all = [...lines(draft.form.must_match).slice(0, MOST), ...lines(draft.form.must_not_match).slice(0, MOST)];
  for (const line of new Set(all)) {
    if (typeof found.get(line) === "boolean") continue;
    for (;;) {
      try {
        const checked = /** @type {Checked} */ (await request("POST", "/moderation/check", { body: { message: line, draft: JSON.parse(asked) }, signal: mine.signal }));
        found.set(line, checked.matches.some(({ rule_id }) => rule_id === (rule.id ?? 0)));
        break;
      } catch (error) {
        if (mine.signal.aborted) return;
        if (!(error instanceof ApiError) || error.status !== 429) {
          // What is wrong with the rule, or the server, is wrong for each of them.
          for (const other of all) if (typeof found.get(other) !== "boolean") found.set(other, explain(error).summary);
          return redraw();
        }
        await pause(1000 * (error.retryAfter ?? 1));
      }
    }
    redraw();
    await pause(BETWEEN);
    if (mine.signal.aborted) return;
  }
}

const pause = (/** @type {number} */ time) => new Promise((resolve) => setTimeout(resolve, time));

/** @param {Draft} draft @param {() => void} changed */
export function trial(draft, changed) {
  const w = words();
  const type = (/** @type {Event} */ event) => {
    draft.text = /** @type {HTMLTextAreaElement} */ (event.target).value;
    changed();
  };
  const sentence = refused();
  return html`<section class="card" aria-labelledby="rule-trial"><h2 id="rule-trial">${w.title}</h2>
    <label for="rule-text">${w.text}</label>
    <textarea id="rule-text" rows="3" aria-describedby="rule-text-hint" .value=${live(draft.text)} @input=${type}></textarea>
    <p class="hint" id="rule-text-hint">${w.hint}</p>
    ${draft.form.kind === "repetition" ? html`<p class="notice">${w.repetition}</p>` : nothing}
    <div aria-live="polite" class="stack">${sentence ? (draft.text ? html`<div class="notice warn"><div><strong>${w.unfinished}</strong><p>${complaint(sentence)}</p></div></div>` : nothing)
      : problem ? failure(problem, () => void tryText(draft)) : draft.text && result ? outcome(draft, result) : nothing}</div>
  </section>`;
}

/** @param {Draft} draft @param {NonNullable<typeof result>} result */
function outcome(draft, { text, checked }) {
  const w = words();
  const own = draft.id === "new" ? 0 : draft.id;
  return html`<p class="row"><strong>${w.outcome}</strong> ${badge("does", checked.action)} ${checked.code ? html`<span class="small">${w.code(checked.code)}</span>` : nothing}</p>
    <p class="rule-judged">${highlight(text, spansOf(checked.matches))}</p>
    ${checked.delivered !== null && checked.delivered !== text ? html`<p><strong>${w.delivered}</strong> <span class="message-text">${checked.delivered}</span></p>` : nothing}
    ${checked.matches.some(({ rule_id }) => rule_id === own) || draft.form.kind === "repetition" ? nothing : html`<p class="small">${checked.matches.length ? w.missed : w.nothingFound}</p>`}
    ${checked.matches.length ? html`<div><h3>${w.found}</h3>${foundList(checked.matches.slice(0, 1), own)}
      ${checked.matches.length > 1 ? html`<details><summary>${w.more(checked.matches.length - 1)}</summary>${foundList(checked.matches.slice(1, MOST_FOUND), own)}</details>` : nothing}</div>` : nothing}
    <details><summary>${w.scores}</summary><dl class="rule-scores">${Object.entries(checked.scores).map(([head, score]) => html`<div><dt>${called("category", head)}</dt><dd>${percent(score)}</dd></div>`)}</dl></details>`;
}

/** @param {Checked["matches"]} matches @param {number} own */
function foundList(matches, own) {
  const w = words();
  return html`<ul class="rule-found">${matches.map((match) => html`<li>
    ${badge("does", match.action)} <mark>${match.text}</mark>
    ${match.rule_id === own ? html`<strong>${w.thisRule}</strong>` : match.rule}
    ${match.score === null ? nothing : html`<span class="quiet">${number(match.score, { maximumFractionDigits: 3 })}</span>`}
    ${match.shadow ? html`<span class="quiet">${w.shadow}</span>` : nothing}${match.lowered ? html` <span class="quiet">${called("lowered", match.lowered)}</span>` : nothing}</li>`)}</ul>`;
}

/** How the examples of a field fare. @param {Draft} draft @param {"must_match" | "must_not_match"} field */
export function exampleResults(draft, field) {
  const w = words();
  const all = lines(draft.form[field]);
  if (!all.length) return nothing;
  const shown = all.slice(0, MOST);
  const wanted = field === "must_match";
  const passed = shown.filter((line) => found.get(line) === wanted).length;
  const failed = shown.filter((line) => found.get(line) === !wanted).length;
  return html`<div class="rule-results"><p class="small" role="status">${w.ok(passed)}${failed ? html`, <strong class="rule-complaint">${w.bad(failed)}</strong>` : nothing}</p>
    <ul aria-label=${w.results}>${shown.map((line) => {
      const hit = found.get(line);
      const tone = hit === undefined ? "" : typeof hit === "string" ? "warn" : hit === wanted ? "good" : "bad";
      return html`<li><span class="badge ${tone}">${hit === undefined ? w.waiting : typeof hit === "string" ? w.untried : hit === wanted ? `✓ ${w.passes}` : `✗ ${w.fails}`}</span> <span class="message-text">${line}</span></li>`;
    })}</ul>${all.length > MOST ? html`<p class="hint">${w.onlyFirst(MOST)}</p>` : nothing}</div>`;
}
