// Keys: what a view answers to, and the list of it under `?`. Keys typed into fields are text.

import { ask } from "../shared/dialog.js";
import { dictionary } from "../shared/language.js";
import { html } from "../shared/lit.js";

/** @typedef {import("./main.js").Key} Key */

const words = dictionary(
  {
    title: "Keyboard", done: "Got it", keys: "This list", undo: "Undo what can be undone", on: "Single keys act",
    onHint: "Turn this off where speech input or an unlucky hand types for you: only ? stays.",
  },
  {
    title: "Clavier", done: "Compris", keys: "Cette liste", undo: "Annuler ce qui peut l’être", on: "Les touches seules agissent",
    onHint: "À désactiver si une saisie vocale ou une main malheureuse tape à votre place : seul ? reste.",
  },
);

const KEPT = "plic.keys";
/** What stands on keys that no letter names. @type {Record<string, string>} */
const CAPS = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

/** Whether keys act by themselves, without a modifier (WCAG 2.2, 2.1.4). */
export const areKeysOn = () => localStorage.getItem(KEPT) !== "off";

/** Does what the key is for. @param {KeyboardEvent} event @param {Key[]} keys */
export function pressed(event, keys) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]")) return;
  const key = keys.find(({ keys }) => keys.split(" ").includes(event.key.length === 1 ? event.key.toLowerCase() : event.key));
  if (!key || (event.repeat && !key.repeats)) return;
  event.preventDefault();
  key.run(event);
}

/** Shows them all. @param {Key[]} keys */
export function keysDialog(keys) {
  const w = words();
  const all = [...keys.map(({ keys, label }) => ({ keys, text: label() })), { keys: "z", text: w.undo }, { keys: "?", text: w.keys }];
  return ask({
    title: w.title,
    confirm: w.done,
    submit: () => {},
    body: () => html`<label class="check"><input type="checkbox" ?checked=${areKeysOn()} aria-describedby="keys-hint" @change=${turn}>${w.on}</label>
      <p class="hint" id="keys-hint">${w.onHint}</p>
      <table><tbody>${all.map(({ keys, text }) => html`<tr><th scope="row">${keys.split(" ").map((key) => html`<kbd>${CAPS[key] ?? key.toUpperCase()}</kbd> `)}</th><td>${text}</td></tr>`)}</tbody></table>`,
  });
}

/** @param {Event} event */
function turn({ target }) {
  if (/** @type {HTMLInputElement} */ (target).checked) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, "off");
}
