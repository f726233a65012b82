// People: finding somebody, who is banned, and what is known about one of them.

import { on } from "../../shared/events.js";
import { dictionary } from "../../shared/language.js";
import { html } from "../../shared/lit.js";
import { go } from "../../shared/router.js";
import { style } from "../../shared/style.js";
import { short } from "../words.js";
import { banPerson, disconnectPerson, dossierPage, openDossier, refreshDossier } from "./dossier.js";
import { UserField } from "../user-field.js";
import { lists, loadBans, loadLists } from "./lists.js";
import { uuid } from "./uuid.js";

const words = dictionary(
  {
    title: "People", find: "Find somebody", id: "User’s id",
    hint: "The whole id or its beginning, as it stands in incidents, in the audit log and in the chat’s logs.", open: "Open",
    ban: "Ban", disconnect: "Disconnect",
    back: "All people",
  },
  {
    title: "Personnes", find: "Trouver quelqu’un", id: "Identifiant de la personne",
    hint: "L’identifiant entier ou son début, tel qu’il figure dans les incidents, le journal d’audit et les journaux du chat.",
    open: "Ouvrir", ban: "Bannir",
    disconnect: "Déconnecter", back: "Toutes les personnes",
  },
);

style("/web/console/people/people.css");

const SOON = 300;

/** Whose dossier is open. @type {string | null} */
let open = null;
const finder = new UserField((id) => void (id && go("people", id)));
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
async function find(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem("id"));
  await finder.take(field.value);
  if (!open) field.focus();
}

function findForm() {
  const w = words();
  return html`<form class="card finder" role="search" aria-label=${w.find} @submit=${find}>
    <div class="row">${finder.input({ id: "people-find", name: "id", label: w.id, value: "", required: true })}<button class="primary">${w.open}</button></div>
    ${finder.notice("people-find")}
    <p class="hint">${w.hint}</p>
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
    openDossier(open);
    if (open) finder.clear();
    else {
      loadLists();
      if (text) void finder.take(text);
    }
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
