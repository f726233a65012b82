// Notes that were typed and not sent yet, by incident: they outlive the page, and are for nobody else in this tab.

import { who } from "../../shared/session.js";

const MOST = 200;
/** The storage's key of who is signed in. */
const kept = () => `plic.queue.notes.${who()?.user ?? ""}`;
/** @type {Map<number, string>} */
const notes = read();

/** @param {number} id */
export const noteOf = (id) => notes.get(id) ?? "";

/** @param {number} id @param {string} text */
export function keepNote(id, text) {
  notes.delete(id);
  if (text) notes.set(id, text);
  if (notes.size > MOST) notes.delete(/** @type {number} */ (notes.keys().next().value));
  try {
    sessionStorage.setItem(kept(), JSON.stringify([...notes]));
  } catch {
    // Notes too long for the storage stay in memory.
  }
}

/** @returns {Map<number, string>} */
function read() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(kept()) ?? "[]"));
  } catch {
    return new Map();
  }
}
