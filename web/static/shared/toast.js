// Short words on what was done, read aloud too, with a way back where there is one.

import { html, nothing, repeat } from "./lit.js";
import { redraw } from "./redraw.js";

/** @typedef {{ id: number, text: string, tone: "good" | "bad", undo: { label: string, run: () => unknown } | null }} Toast */

const SHOWN = 8_000;
const MOST = 4;

/** @type {Toast[]} */
let toasts = [];
let last = 0;

/**
 * Says something for a while.
 * @param {string} text
 * @param {{ tone?: Toast["tone"], undo?: Toast["undo"] }} [options]
 */
export function say(text, { tone = "good", undo = null } = {}) {
  const toast = { id: ++last, text, tone, undo };
  toasts = [...toasts, toast].slice(-MOST);
  setTimeout(() => forget(toast.id), undo ? 2 * SHOWN : SHOWN);
  redraw();
}

/** Takes back what was done last, where that can be. Answers whether there was something. */
export function undoLast() {
  const toast = toasts.findLast(({ undo }) => undo);
  if (!toast) return false;
  forget(toast.id);
  toast.undo?.run();
  return true;
}

/** @param {number} id */
function forget(id) {
  toasts = toasts.filter((toast) => toast.id !== id);
  redraw();
}

/** Where the words stand. @param {string} dismiss what the button that closes one is called */
export function toastList(dismiss) {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${repeat(toasts, ({ id }) => id, ({ id, text, tone, undo }) => html`<div class="toast ${tone}">
      <span>${text}</span>
      ${undo ? html`<button class="link" @click=${() => { forget(id); undo.run(); }}>${undo.label}</button>` : nothing}
      <button class="link icon" aria-label=${dismiss} @click=${() => forget(id)}>×</button>
    </div>`)}
  </div>`;
}
