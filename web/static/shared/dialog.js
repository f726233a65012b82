// Questions over the page: one `<dialog>` at a time, closed by Escape and by going back, the focus given back.

import { closeLayer, openLayer } from "./back.js";
import { html, keyed, nothing, ref } from "./lit.js";
import { redraw } from "./redraw.js";

/**
 * @typedef {{ title: string, body: () => unknown, confirm: string, cancel?: string, also?: { label: string, run: () => unknown }, danger?: boolean, wide?: boolean, submit: (form: FormData) => Promise<unknown> | unknown }} Question
 * `submit` may throw: the dialog stays with what was typed, and says what happened. `also` is another way to answer.
 */

/** @type {{ question: Question, busy: boolean, problem: unknown, done: (answered: boolean) => void } | null} */
let open = null;
/** @type {HTMLDialogElement | null} */
let element = null;

/** Whether a question is open. */
export const isAsking = () => open !== null;

/**
 * Asks. Answers `true` once it was confirmed and done, `false` where it was given up.
 * @param {Question} question
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  open?.done(false);
  return new Promise((done) => {
    open = { question, busy: false, problem: null, done };
    void openLayer(back);
    redraw();
  });
}

/** @param {boolean} answered */
async function close(answered) {
  const was = open;
  open = null;
  // Taking the element away would not give the focus back.
  element?.close();
  redraw();
  // Who asked may go elsewhere, which must not be undone by the way back from here.
  await closeLayer(back);
  was?.done(answered);
}

/** Going back gives the question up, but for one that was sent: its outcome is to be told. */
function back() {
  if (open?.busy) return false;
  void close(false);
  return true;
}

/**
 * What stands at the end of the page.
 * @param {(error: unknown) => unknown} describe how a problem is shown
 */
export function dialog(describe) {
  if (!open) return nothing;
  const asked = open;
  const { question, busy, problem } = asked;
  // The browser tells late that a dialog closed: another question may be open by then.
  const giveUp = () => void (open === asked && !asked.busy && void close(false));
  /** What was sent is waited for: its outcome is to be told. @param {Event} event */
  const cancel = (event) => void (asked.busy ? event.preventDefault() : giveUp());
  const closed = () => (open === asked && asked.busy ? showModal(element ?? undefined) : giveUp());
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (asked.busy) return;
    asked.busy = true;
    asked.problem = null;
    redraw();
    try {
      await question.submit(new FormData(/** @type {HTMLFormElement} */ (event.target)));
      if (open === asked) await close(true);
    } catch (error) {
      asked.busy = false;
      asked.problem = error;
      redraw();
    }
  };
  const also = () => {
    question.also?.run();
    if (open === asked) void close(true);
  };
  return keyed(asked, html`<dialog class=${question.wide ? "dialog wide" : "dialog"} aria-labelledby="dialog-title" ${ref(showModal)} @cancel=${cancel} @close=${closed}>
    <form method="dialog" @submit=${submit}>
      <h2 id="dialog-title">${question.title}</h2>
      <div class="dialog-body">${question.body()}</div>
      ${problem ? describe(problem) : nothing}
      <div class="actions end">
        ${question.cancel ? html`<button type="button" ?disabled=${busy} @click=${giveUp}>${question.cancel}</button>` : nothing}
        ${question.also ? html`<button type="button" ?disabled=${busy} @click=${also}>${question.also.label}</button>` : nothing}
        <button class=${question.danger ? "danger" : "primary"} ?disabled=${busy}>${question.confirm}</button>
      </div>
    </form>
  </dialog>`);
}

// Another address is another page: a question about the one before does not lie over it.
addEventListener("hashchange", () => void (open && !open.busy && void close(false)));

/** @param {Element | undefined} shown */
function showModal(shown) {
  element = shown instanceof HTMLDialogElement ? shown : null;
  queueMicrotask(() => element?.isConnected && !element.open && element.showModal());
}
