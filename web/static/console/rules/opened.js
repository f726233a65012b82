// The rule that is open: one object for each time that a rule is opened, so that an answer that comes late changes only
// what it was asked for.

import { ApiError, request } from "../../shared/api.js";
import { redraw } from "../../shared/redraw.js";
import { stopBacktest } from "./backtest.js";
import { forget, isChanged, keep, keptDraft } from "./drafts.js";
import { KINDS, emptyForm, formOf } from "./model.js";
import { stopTrying, tryLater } from "./trial.js";
import { openVersions } from "./versions.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("./model.js").Rule} Rule */

/**
 * @typedef {object} Opened
 * @property {"new" | number} id
 * @property {Draft | null} draft `null` until the rule is read
 * @property {unknown} problem
 * @property {{ error: ApiError, state: string } | null} refusal what the server said against saving, and the state that was wanted
 * @property {Rule | null} theirs what somebody else made of it meanwhile
 * @property {string} wanted the state that was wanted when somebody else was faster
 * @property {boolean} isGone
 * @property {boolean} isNewer
 * @property {string} busy the state that is being saved, or `delete`
 * @property {string} reason why it is to be in force all the same
 */

/** @type {Opened | null} */
let opened = null;

export const current = () => opened;

/** @param {"new" | number} id @param {string | null} kind of a new rule */
export function openRule(id, kind) {
  if (opened?.id === id && opened.draft) return;
  closeRule();
  const mine = { id, draft: keptDraft(id), problem: null, refusal: null, theirs: null, wanted: "", isGone: false, isNewer: false, busy: "", reason: "" };
  opened = mine;
  if (id === "new") {
    const known = KINDS.find((each) => each === kind);
    if (!mine.draft || (known && !isChanged(mine.draft))) mine.draft = emptyDraft(known ?? "terms");
  } else {
    openVersions(id);
    void read(mine);
  }
  if (mine.draft) tryLater(mine.draft);
}

export function closeRule() {
  stopTrying();
  stopBacktest();
  opened = null;
}

/** @param {Draft["form"]["kind"]} kind @returns {Draft} */
export function emptyDraft(kind) {
  const form = emptyForm(kind);
  return { id: "new", form, base: null, clean: JSON.stringify(form), text: "" };
}

/** @param {Opened} mine */
export async function read(mine) {
  mine.problem = null;
  try {
    const rule = /** @type {Rule} */ (await request("GET", `/moderation/rules/${mine.id}`));
    const { draft } = mine;
    mine.isNewer = Boolean(draft && isChanged(draft) && draft.base && draft.base.version !== rule.version);
    if (!draft || !isChanged(draft)) take(mine, rule);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404 && mine.draft) mine.isGone = true;
    else mine.problem = error;
  }
  redraw();
}

/** The form says what this version says. @param {Opened} mine @param {Rule} rule */
export function take(mine, rule) {
  const form = formOf(rule);
  begin(mine, { id: rule.id, form, base: rule, clean: JSON.stringify(form), text: mine.draft?.text ?? "" });
}

/** What was typed stays, as a change of this version. @param {Opened} mine @param {Draft} typed @param {Rule} base */
export function rebase(mine, typed, base) {
  begin(mine, { ...typed, id: base.id, base, clean: JSON.stringify(formOf(base)) });
}

/** @param {Opened} mine @param {Draft} draft */
function begin(mine, draft) {
  Object.assign(mine, { id: draft.id, draft, theirs: null, refusal: null, isNewer: false });
  keep(draft);
  if (mine === opened) {
    tryLater(draft);
    if (draft.base) openVersions(draft.base.id, draft.base.version);
  }
  redraw();
}

/** Keeps and tries what was typed. @param {Opened} mine */
export function changed({ draft }) {
  if (!draft) return;
  keep(draft);
  tryLater(draft);
  redraw();
}

/** What became of the open rule elsewhere. @param {{ rule_id?: number, version?: number, deleted?: boolean }} event */
export function heard({ rule_id, version, deleted = false }) {
  const mine = opened;
  if (!mine || mine.id === "new" || (rule_id !== undefined && rule_id !== mine.id) || mine.busy) return;
  if (deleted) mine.isGone = true;
  else if (version === undefined || version !== mine.draft?.base?.version) void read(mine);
}

/** Puts what was typed away; answers what that was. @param {Opened} mine @returns {Draft | null} */
export function discard(mine) {
  const { draft } = mine;
  if (!draft) return null;
  forget(mine.id);
  if (draft.base) {
    take(mine, draft.base);
    void read(mine);
  } else {
    mine.draft = emptyDraft(draft.form.kind);
    tryLater(mine.draft);
    redraw();
  }
  return draft;
}
