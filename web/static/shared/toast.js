// Short words on what was done, read aloud too, with a way back where there is one. They go when they stop being true.

import { html, nothing, repeat } from "./lit.js";
import { redraw } from "./redraw.js";

/**
 * @typedef {object} Toast
 * @property {number} id
 * @property {string | (() => string)} text
 * @property {"good" | "bad" | "plain"} tone
 * @property {string | null} about what it speaks of: what is said of the same thing next takes its place
 * @property {{ label: () => string, keys?: string, run: () => unknown } | null} undo its label is read at every drawing, for the language may change
 * @property {{ label: () => string, href: string } | null} link
 * @property {Countdown | null} countdown
 * @property {boolean} stays whether it is shown until it is taken away
 */
/** @typedef {{ from: number, ends: number }} Countdown moments of `performance.now()` */

const SHOWN = 8_000;
/** Of those that go by themselves. */
const MOST = 3;

/** @type {Toast[]} */
let toasts = [];
let last = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

/**
 * Says something for a while. With a `countdown`, or where it `stays`, it is shown until it is taken away.
 * @param {Toast["text"]} text
 * @param {Partial<Omit<Toast, "id" | "text">>} [options]
 */
export function say(text, { tone = "good", about = null, undo = null, link = null, countdown = null, stays = countdown !== null } = {}) {
  const toast = { id: ++last, text, tone, about, undo, link, countdown, stays };
  const others = toasts.filter((each) => about === null || each.about !== about);
  const passing = others.filter((each) => !each.stays).slice(stays ? -MOST : 1 - MOST);
  toasts = [...others.filter((each) => each.stays || passing.includes(each)), toast];
  if (!stays) setTimeout(() => forget(toast.id), undo ? 2 * SHOWN : SHOWN);
  if (countdown) ticking ??= setInterval(tick, 250);
  redraw();
}

/** Takes away what was said about this, because it holds no longer. @param {string} about */
export function unsay(about) {
  if (!toasts.some((toast) => toast.about === about)) return;
  toasts = toasts.filter((toast) => toast.about !== about);
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

function tick() {
  if (toasts.some(({ countdown }) => countdown)) return redraw();
  clearInterval(ticking);
  ticking = undefined;
}

/** Whole seconds that are left. @param {Countdown} countdown */
export const secondsLeft = ({ ends }) => Math.max(0, Math.ceil((ends - performance.now()) / 1_000));

/** Where the words stand. @param {string} dismiss what the button that closes one is called */
export function toastList(dismiss) {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${repeat(toasts, ({ id }) => id, ({ id, text, tone, undo, link, countdown }) => html`<div class="toast ${tone}">
      <span class="grow">${typeof text === "function" ? text() : text}</span>
      ${link ? html`<a href=${link.href} @click=${() => forget(id)}>${link.label()}</a>` : nothing}
      ${countdown ? counted(countdown) : nothing}
      ${undo ? html`<button class="link" @click=${() => { forget(id); undo.run(); }}>${undo.label()}${undo.keys ? html` <kbd>${undo.keys}</kbd>` : nothing}</button>` : nothing}
      ${countdown ? nothing : html`<button class="link icon" aria-label=${dismiss} @click=${() => forget(id)}>×</button>`}
    </div>`)}
  </div>`;
}

/** Not read aloud: a number that changes every second would drown all else. @param {Countdown} countdown */
function counted(countdown) {
  const share = Math.max(0, (countdown.ends - performance.now()) / (countdown.ends - countdown.from));
  return html`<span class="countdown" aria-hidden="true"><progress max="1" .value=${share}></progress>${secondsLeft(countdown)} s</span>`;
}
