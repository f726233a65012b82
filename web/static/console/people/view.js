// People: finding somebody, who is banned, and what is known about one of them.

import { on } from "../../shared/events.js";
import { dictionary } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go } from "../../shared/router.js";
import { style } from "../../shared/style.js";
import { short } from "../words.js";
import { banPerson, disconnectPerson, dossierPage, openDossier, refreshDossier } from "./dossier.js";
import { lists, loadBans, loadLists } from "./lists.js";
import { uuid } from "./uuid.js";

const words = dictionary(
  {
    title: "People", find: "Find somebody", id: "User’s id",
    hint: "The whole id, as it stands in incidents and in the chat’s logs. Spaces and capitals do not matter.", open: "Open",
    notAnId: "This is no user’s id: it has 32 digits and letters from a to f, like b9e1a1a4-7a0e-4a3c-8f5a-9f8f0d3f4c22.", ban: "Ban", disconnect: "Disconnect",
    back: "All people",
  },
  {
    title: "Personnes", find: "Trouver quelqu’un", id: "Identifiant de la personne",
    hint: "L’identifiant entier, tel qu’il figure dans les incidents et les journaux du chat. Les espaces et les majuscules n’ont pas d’importance.",
    open: "Ouvrir",
    notAnId: "Ce n’est pas un identifiant : il compte 32 chiffres et lettres de a à f, comme b9e1a1a4-7a0e-4a3c-8f5a-9f8f0d3f4c22.", ban: "Bannir",
    disconnect: "Déconnecter", back: "Toutes les personnes",
  },
);

style("/web/console/people/people.css");

const SOON = 300;

/** Whose dossier is open. @type {string | null} */
let open = null;
/** Whether what was typed, or stands in the address, is no id. */
let isWrong = false;
/** @type {(() => void)[]} */
let hearing = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

/** @param {string} [id] */
function changed(id) {
  if (open) return refreshDossier(id);
  clearTimeout(later);
  later = setTimeout(loadBans, SOON);
}

/** @param {SubmitEvent} event */
function find(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem("id"));
  const id = uuid(field.value);
  isWrong = id === null;
  if (id) go("people", id);
  else field.focus();
  redraw();
}

function findForm() {
  const w = words();
  return html`<form class="card finder" role="search" aria-label=${w.find} @submit=${find}>
    <div class="row">
      <label class="grow">${w.id}<input id="people-find" class="mono" name="id" required autocomplete="off" spellcheck="false" aria-invalid=${isWrong} aria-describedby=${isWrong ? "people-wrong people-hint" : "people-hint"}></label>
      <button class="primary">${w.open}</button>
    </div>
    ${isWrong ? html`<p class="notice bad" id="people-wrong" role="alert">${w.notAnId}</p>` : nothing}
    <p class="hint" id="people-hint">${w.hint}</p>
  </form>`;
}

/** @type {import("../main.js").View} */
export const view = {
  title: () => (open ? `${short(open)} · ${words().title}` : words().title),
  render: () => html`<div class="stack">${open ? dossierPage(open) : html`<h1>${words().title}</h1>${findForm()}${lists()}`}</div>`,
  enter({ parts: [text] }) {
    if (!hearing.length) {
      hearing = [
        ...["ban", "ban_lifted", "disconnect"].map((name) => on(name, ({ user_id }) => changed(user_id))),
        ...["incident", "decision"].map((name) => on(name, ({ user_id }) => void (open && changed(user_id)))),
        ...["missed", "open", "policy"].map((name) => on(name, () => changed())),
      ];
    }
    open = text ? uuid(text) : null;
    isWrong = Boolean(text) && !open;
    openDossier(open);
    if (!open) loadLists();
  },
  leave() {
    for (const stop of hearing) stop();
    hearing = [];
    clearTimeout(later);
    openDossier(null);
  },
  keys: () =>
    open
      ? [
          { keys: "b", label: () => words().ban, run: () => void (open && banPerson(open)) },
          { keys: "c", label: () => words().disconnect, run: () => void (open && disconnectPerson(open)) },
          { keys: "Escape", label: () => words().back, run: () => go("people") },
        ]
      : [{ keys: "/", label: () => words().find, run: () => document.getElementById("people-find")?.focus() }],
};
