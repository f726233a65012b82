// A whole id by one click, where its beginning would have to be typed.

import { dictionary } from "../../shared/language.js";
import { html } from "../../shared/lit.js";
import { say } from "../../shared/toast.js";

const words = dictionary(
  {
    copy: "Copy the id", copyOf: (/** @type {string} */ id) => `Copy the id ${id}`, copied: "The id is copied.",
    notCopied: "The browser lets nothing be copied here: select the id instead.",
  },
  {
    copy: "Copier l’identifiant", copyOf: (id) => `Copier l’identifiant ${id}`, copied: "L’identifiant est copié.",
    notCopied: "Le navigateur ne laisse rien copier ici : sélectionnez plutôt l’identifiant.",
  },
);

/** @param {string} id */
export const copyButton = (id) => html`<button type="button" class="link" title=${words().copyOf(id)} @click=${() => void copy(id)}>${words().copy}</button>`;

/** @param {string} id */
async function copy(id) {
  try {
    await navigator.clipboard.writeText(id);
    say(() => words().copied, { about: "copied" });
  } catch {
    say(() => words().notCopied, { tone: "bad", about: "copied" });
  }
}
