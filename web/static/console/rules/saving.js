// Writing a rule: in a state, over somebody else's version, back to what it was, and away.

import { ApiError, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { on } from "../../shared/events.js";
import { explain } from "../../shared/failure.js";
import { dictionary } from "../../shared/language.js";
import { html } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go, replace } from "../../shared/router.js";
import { say, unsay } from "../../shared/toast.js";
import { called } from "../words.js";
import { forget, isChanged, keptDraft } from "./drafts.js";
import { draftOf } from "./model.js";
import { closeRule, current, rebase, take } from "./opened.js";

/** @typedef {import("./model.js").Rule} Rule */
/** @typedef {import("./opened.js").Opened} Opened */

const words = dictionary(
  {
    saved: (/** @type {string} */ state) => `Saved: ${state}.`, undo: "Undo", undone: "Taken back.",
    notUndone: "Somebody else has changed the rule since: it was not taken back.",
    remove: "Delete", removeTitle: "Delete this rule?", removeText: "Its versions go too. To put it out of force and keep it, retire it instead.",
    cancel: "Cancel", removed: "The rule is deleted.",
  },
  {
    saved: (state) => `Enregistré : ${state}.`, undo: "Annuler", undone: "C’est annulé.",
    notUndone: "Quelqu’un a modifié la règle depuis : rien n’a été annulé.",
    remove: "Supprimer", removeTitle: "Supprimer cette règle ?",
    removeText: "Ses versions disparaissent aussi. Pour ne plus l’appliquer mais la garder, retirez-la plutôt.",
    cancel: "Abandonner", removed: "La règle est supprimée.",
  },
);

/** What short words speak of. @param {number} id */
const about = (id) => `rule ${id}`;
/** The versions that were written here: after a newer one these cannot be undone any more. @type {Map<number, number>} */
const written = new Map();

on("rule", ({ rule_id, version }) => void (version > (written.get(rule_id) ?? 0) && unsay(about(rule_id))));
on("rule_deleted", ({ rule_id }) => unsay(about(rule_id)));

/**
 * Writes it in this state.
 * @param {Opened} mine
 * @param {string} state
 * @param {{ over?: Rule, override?: string }} [options] `over` is the version that it may replace
 */
export async function save(mine, state, { over, override } = {}) {
  const { draft } = mine;
  if (!draft || mine.busy) return;
  Object.assign(mine, { busy: state, wanted: state, refusal: null, problem: null });
  redraw();
  const sent = JSON.stringify(draft.form);
  const before = over ?? draft.base;
  try {
    const rule = await write(mine.id, { ...draftOf(draft.form), state }, before, override);
    mine.reason = "";
    saved(mine, rule, sent);
    say(() => words().saved(called("state", rule.state)), { about: about(rule.id), undo: { label: () => words().undo, run: () => void takeBack(mine, rule, before) } });
  } catch (error) {
    if (!(error instanceof ApiError)) mine.problem = error;
    else if (error.status === 409 && mine.id !== "new") await readTheirs(mine);
    else if (error.status === 404) mine.isGone = true;
    else if (error.status === 422 || error.status === 413) mine.refusal = { error, state };
    else mine.problem = error;
  }
  mine.busy = "";
  redraw();
}

/**
 * @param {"new" | number} id
 * @param {unknown} body
 * @param {Rule | null} before the version that it replaces
 * @param {string} [override]
 * @returns {Promise<Rule>}
 */
async function write(id, body, before, override) {
  const query = { override_reason: override };
  const rule = await (id === "new"
    ? request("POST", "/moderation/rules", { body, query })
    : request("PUT", `/moderation/rules/${id}`, { body, query, headers: { "If-Match": `"${before?.version ?? 0}"` } }));
  written.set(rule.id, rule.version);
  return rule;
}

/** @param {Opened} mine @param {Rule} rule @param {string} sent */
function saved(mine, rule, sent) {
  const wasNew = mine.id === "new";
  const typed = /** @type {import("./drafts.js").Draft} */ (mine.draft);
  const isTypedOn = JSON.stringify(typed.form) !== sent;
  const here = current();
  // Whoever has left a new rule may be in it again, or have begun another in its place: then that one is theirs.
  const isHere = here === mine || (!isTypedOn && here?.draft === typed);
  if (wasNew && (isHere || JSON.stringify(keptDraft("new")?.form) === sent)) forget("new");
  if (isTypedOn && (isHere || !wasNew)) rebase(mine, typed, rule);
  else take(isHere && here ? here : mine, rule);
  if (wasNew && isHere) replace("rules", rule.id);
}

/** @param {Opened} mine */
export async function readTheirs(mine) {
  try {
    mine.theirs = await request("GET", `/moderation/rules/${mine.id}`);
  } catch (error) {
    mine.problem = error;
  }
  redraw();
}

/** The version before again, or out of force what was not there before. @param {Opened} mine @param {Rule} rule @param {Rule | null} before */
async function takeBack(mine, rule, before) {
  try {
    const earlier = await write(rule.id, before ?? { ...rule, state: "retired" }, rule);
    if (mine.draft && !isChanged(mine.draft)) take(mine, earlier);
    say(() => words().undone, { about: about(rule.id) });
  } catch (error) {
    const isStale = error instanceof ApiError && error.status === 409;
    const { summary, detail } = explain(error);
    say(isStale ? words().notUndone : [summary, detail].filter(Boolean).join(" "), { tone: "bad" });
  }
}

/** @param {Opened} mine */
export async function remove(mine) {
  const w = words();
  const isDone = await ask({
    title: w.removeTitle, body: () => html`<blockquote class="message-text">${mine.draft?.form.name}</blockquote><p>${w.removeText}</p>`, confirm: w.remove, cancel: w.cancel, danger: true,
    submit: async () => {
      mine.busy = "delete";
      try {
        await request("DELETE", `/moderation/rules/${mine.id}`);
      } finally {
        mine.busy = "";
      }
    },
  });
  if (!isDone) return;
  forget(mine.id);
  say(() => words().removed);
  if (mine !== current()) return;
  closeRule();
  go("rules");
}
