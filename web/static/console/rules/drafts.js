// What was typed into rules and is not saved: kept in memory and in the tab's session storage, by rule and moderator.

import { who } from "../../shared/session.js";

/** @typedef {import("./model.js").Form} Form */
/** @typedef {import("./model.js").Rule} Rule */
/**
 * @typedef {object} Draft
 * @property {"new" | number} id
 * @property {Form} form
 * @property {Rule | null} base the version that was read, `null` for a new rule
 * @property {string} clean what the form was without changes
 * @property {string} text the text that it is tried on
 */

/** How the keys of whoever is signed in begin: drafts are for nobody else in this tab. */
const kept = () => `plic.rules.draft.${who()?.user ?? ""}.`;
const SOON = 400;

/** @type {Map<string, Draft>} */
const drafts = new Map();
/** @type {Map<string, number>} */
const timers = new Map();

/** Whether something is not saved. @param {Draft} draft */
export const isChanged = (draft) => JSON.stringify(draft.form) !== draft.clean;

/** @param {"new" | number} id @returns {Draft | null} */
export function keptDraft(id) {
  const known = drafts.get(String(id));
  if (known) return known;
  try {
    const draft = JSON.parse(sessionStorage.getItem(kept() + id) ?? "null");
    if (draft) drafts.set(String(id), draft);
    return draft;
  } catch {
    return null;
  }
}

/** Keeps it at once in memory, and soon in the session storage. @param {Draft} draft */
export function keep(draft) {
  drafts.set(String(draft.id), draft);
  const key = kept() + draft.id;
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => {
    if (!who()) return;
    try {
      if (isChanged(draft) || draft.text) sessionStorage.setItem(key, JSON.stringify(draft));
      else sessionStorage.removeItem(key);
    } catch {
      // A list too long for the storage stays in memory.
    }
  }, SOON));
}

/** @param {"new" | number} id */
export function forget(id) {
  const key = kept() + id;
  clearTimeout(timers.get(key));
  drafts.delete(String(id));
  sessionStorage.removeItem(key);
}

/** The rules with unsaved changes. @returns {("new" | number)[]} */
export function unsaved() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(kept())) keptDraft(key === `${kept()}new` ? "new" : Number(key.slice(kept().length)));
  }
  return [...drafts.values()].filter(isChanged).map(({ id }) => id);
}
