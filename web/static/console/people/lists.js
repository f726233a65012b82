// The people to begin with: who is banned, and whom the queue was about of late.

import { page } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { ago, dateTime, dictionary, plural } from "../../shared/language.js";
import { html, nothing, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href } from "../../shared/router.js";
import { badge } from "../words.js";
import { banList as listOfBans } from "./bans.js";
import { person } from "./person.js";

/** @typedef {import("../../../types/api").components["schemas"]["Incident"]} Incident */
/** @typedef {import("./bans.js").Ban} Ban */

const words = dictionary(
  {
    inForce: "Bans in force", allBans: "All bans", all: "Also those that were lifted or are over", none: "Nobody is banned.",
    noneEver: "Nobody was ever banned.", older: "Older bans", full: "Older bans stand in the records of the people themselves.",
    recent: "Recently in the queue", nobody: "The queue was about nobody yet.", who: "Who", incidents: "Incidents", last: "The last one", what: "What happened",
    about: "About", count: (/** @type {number} */ n) => plural(n, "of the last 200", "of the last 200"), loading: "Loading…",
  },
  {
    inForce: "Bannissements en vigueur", allBans: "Tous les bannissements", all: "Aussi ceux qui sont levés ou terminés", none: "Personne n’est banni.",
    noneEver: "Personne n’a jamais été banni.", older: "Bannissements plus anciens", full: "Les plus anciens se trouvent dans les dossiers des personnes.",
    recent: "Récemment dans la file", nobody: "La file n’a encore concerné personne.", who: "Qui", incidents: "Incidents", last: "Le dernier",
    what: "Ce qui s’est passé", about: "À propos de", count: (n) => plural(n, "des 200 derniers", "des 200 derniers"), loading: "Chargement…",
  },
);

const MOST = 1_000;
const SEEN = 200;
const SHOWN = 30;

/** @type {{ items: Ban[] | null, next: string | null, isAll: boolean, isBusy: boolean, problem: unknown }} */
const bans = { items: null, next: null, isAll: false, isBusy: false, problem: null };
/** @type {{ items: Incident[] | null, problem: unknown }} */
const recent = { items: null, problem: null };
/** What was asked last: an answer to what was asked before comes too late. */
let asked = 0;

/** Reads both lists. */
export function loadLists() {
  void loadBans();
  void loadRecent();
}

/** Reads the first page of bans. */
export async function loadBans() {
  await takeBans(`/moderation/bans?limit=100${bans.isAll ? "&all=true" : ""}`, []);
}

/**
 * @param {string} path
 * @param {Ban[]} before
 */
async function takeBans(path, before) {
  const mine = ++asked;
  bans.isBusy = true;
  bans.problem = null;
  redraw();
  try {
    const { items, next } = await page(path);
    if (mine !== asked) return;
    bans.items = [...before, ...items];
    bans.next = next;
  } catch (error) {
    if (mine === asked) bans.problem = error;
  }
  if (mine === asked) bans.isBusy = false;
  redraw();
}

async function loadRecent() {
  try {
    recent.items = (await page("/moderation/incidents", { query: { limit: SEEN } })).items;
    recent.problem = null;
  } catch (error) {
    recent.problem = error;
  }
  redraw();
}

/** Takes in what a ban that was lifted here came to. @param {unknown} problem */
function lifted(problem) {
  if (problem) bans.problem = problem;
  else void loadBans();
}

export function lists() {
  return html`<div class="people-columns">${banList()}${recentList()}</div>`;
}

function banList() {
  const w = words();
  /** @param {Event} event */
  const choose = (event) => {
    bans.isAll = /** @type {HTMLInputElement} */ (event.target).checked;
    void loadBans();
  };
  return html`<section class="card">
    <div class="row spread"><h2>${bans.isAll ? w.allBans : w.inForce}</h2>
      <label class="check"><input type="checkbox" .checked=${bans.isAll} @change=${choose}>${w.all}</label></div>
    ${bans.problem ? failure(bans.problem, loadBans) : nothing}
    ${bans.items === null ? (bans.problem ? nothing : html`<p class="quiet">${w.loading}</p>`)
      : bans.items.length ? listOfBans(bans.items, { withWho: true, done: lifted })
      : html`<p class="quiet">${bans.isAll ? w.noneEver : w.none}</p>`}
    ${bans.next && bans.items ? (bans.items.length < MOST
      ? html`<div><button type="button" ?disabled=${bans.isBusy} @click=${() => takeBans(/** @type {string} */ (bans.next), bans.items ?? [])}>${w.older}</button></div>`
      : html`<p class="quiet">${w.full}</p>`) : nothing}
  </section>`;
}

function recentList() {
  const w = words();
  const people = [...Map.groupBy(recent.items ?? [], ({ user_id }) => user_id)].slice(0, SHOWN);
  return html`<section class="card">
    <h2>${w.recent}</h2>
    ${recent.problem ? failure(recent.problem, loadRecent) : nothing}
    ${recent.items === null ? (recent.problem ? nothing : html`<p class="quiet">${w.loading}</p>`)
      : !people.length ? html`<p class="quiet">${w.nobody}</p>`
      : html`<div class="table people-table" tabindex="0" role="region" aria-label=${w.recent}><table>
        <thead><tr><th scope="col">${w.who}</th><th scope="col">${w.last}</th><th scope="col">${w.what}</th><th scope="col">${w.about}</th><th scope="col">${w.incidents}</th></tr></thead>
        <tbody>${repeat(people, ([id]) => id, ([id, incidents]) => {
          const [last] = incidents;
          return html`<tr><td>${person(id)}</td><td><a href=${href("queue", last.id)} title=${dateTime(last.created_at)}>${ago(last.created_at)}</a></td>
            <td>${badge("action", last.action)}</td><td>${badge("category", last.category)}</td><td>${w.count(incidents.length)}</td></tr>`;
        })}</tbody>
      </table></div>`}
  </section>`;
}
