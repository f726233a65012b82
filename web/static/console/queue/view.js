// The queue: what waits for moderators, the newest first, and the one that is looked at.

import { on } from "../../shared/events.js";
import { failure } from "../../shared/failure.js";
import { dictionary, plural } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go, href, replace } from "../../shared/router.js";
import { style } from "../../shared/style.js";
import { decide, possible, tooSoon } from "./decision.js";
import { ban, detail, detailPane, disconnect, expectDetail, isReadable, openDetail, readSender, refresh } from "./detail.js";
import { filter, filters, inAddress, isFiltered, resolveFilter } from "./filters.js";
import { again, arrived, changed, countFitting, decided, list, load, more, showWaiting } from "./list.js";
import { look, lookOn, viewing } from "./presence.js";
import { reopen } from "./reopen.js";
import { focusRow, isAtTop, rows, showRow, toTop } from "./rows.js";
import { waitingFor } from "./waiting.js";

/** @typedef {import("./decision.js").Decision} Decision */

const words = dictionary(
  {
    title: "Queue", waiting: (/** @type {number} */ n) => `${plural(n, "new incident", "new incidents")}: show`,
    count: (/** @type {number} */ n, /** @type {boolean} */ isMore) => (isMore ? `More than ${plural(n, "incident", "incidents")}` : plural(n, "incident", "incidents")),
    open: (/** @type {number} */ n, /** @type {boolean} */ isMore) => (isMore ? `More than ${plural(n, "open incident", "open incidents")}` : plural(n, "open incident", "open incidents")),
    noMatch: "No incident matches these filters.", clear: "Clear the filters",
    empty: "Nothing is waiting.", emptyText: "What the rules catch and what people report appears here by itself.", list: "Incidents",
    choose: "Choose an incident, or press J.", next: "Next", previous: "Previous", uphold: "Uphold", dismiss: "Dismiss (delivers a held message)",
    remove: "Remove the text", reopen: "Reopen a decided incident", ban: "Ban the sender", disconnect: "Disconnect the sender", note: "Write a note", filter: "Filter",
    back: "Back to the list",
  },
  {
    title: "File d’attente", waiting: (n) => `${plural(n, "nouvel incident", "nouveaux incidents")} : afficher`,
    count: (n, isMore) => (isMore ? `Plus de ${plural(n, "incident", "incidents")}` : plural(n, "incident", "incidents")),
    open: (n, isMore) => (isMore ? `Plus de ${plural(n, "incident à traiter", "incidents à traiter")}` : plural(n, "incident à traiter", "incidents à traiter")),
    noMatch: "Aucun incident ne correspond à ces filtres.", clear: "Effacer les filtres",
    empty: "Rien n’attend.", emptyText: "Ce que les règles arrêtent et ce que les gens signalent apparaît ici tout seul.", list: "Incidents",
    choose: "Choisissez un incident, ou appuyez sur J.", next: "Suivant", previous: "Précédent", uphold: "Confirmer", dismiss: "Écarter (remet un message retenu)",
    remove: "Supprimer le texte", reopen: "Rouvrir un incident décidé", ban: "Bannir l’expéditeur", disconnect: "Déconnecter l’expéditeur", note: "Écrire une note", filter: "Filtrer",
    back: "Retour à la liste",
  },
);

/** Whoever goes through the list with a key held down reads nothing on the way. */
const REST = 200;

let moved = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resting;
let filtered = "";
/** @type {number | null} */
let open = null;
/** @type {(() => void)[]} */
let hearing = [];

style("/web/console/queue/queue.css");

/** @type {import("../main.js").View} */
export const view = {
  title: () => words().title,
  enter({ parts: [id] }) {
    if (!hearing.length) {
      hearing = [
        on("incident", (incident) => arrived(incident, isAtTop())),
        on("decision", (incident) => {
          decided(incident);
          refresh(incident);
        }),
        on("reopened", (incident) => {
          if (!changed(incident)) arrived(incident, isAtTop());
          if (incident.id === open) void openDetail(open);
        }),
        on("report", (incident) => {
          if (!changed(incident)) arrived(incident, isAtTop());
          refresh(incident);
        }),
        on("viewing", viewing),
        on("missed", readAgain),
        on("open", readAgain),
        ...["ban", "ban_lifted", "disconnect"].map((name) => on(name, ({ user_id }) => void (user_id === detail.incident?.user_id && readSender()))),
      ];
    }
    resolveFilter();
    const by = filter();
    if (JSON.stringify(by) !== filtered) {
      filtered = JSON.stringify(by);
      toTop();
      void load(by);
    }
    openSoon(/^\d+$/.test(id ?? "") ? Number(id) : null);
  },
  leave() {
    for (const stop of hearing) stop();
    hearing = [];
    filtered = "";
    openSoon(null);
  },
  render,
  keys: () => {
    const w = words();
    const decision = (/** @type {string} */ keys, /** @type {Decision} */ what) => ({ keys, label: () => w[what], run: () => onDecide(what) });
    return [
      { keys: "j ArrowDown", repeats: true, label: () => w.next, run: () => void step(1) },
      { keys: "k ArrowUp", repeats: true, label: () => w.previous, run: () => void step(-1) },
      decision("u", "uphold"),
      decision("d", "dismiss"),
      decision("x", "remove"),
      { keys: "o", label: () => w.reopen, run: onReopen },
      { keys: "b", label: () => w.ban, run: () => void (detail.incident && ban(detail.incident.user_id)) },
      { keys: "c", label: () => w.disconnect, run: () => void (detail.incident && disconnect(detail.incident.user_id)) },
      { keys: "n", label: () => w.note, run: () => document.getElementById("note")?.focus() },
      { keys: "/", label: () => w.filter, run: () => document.getElementById("filter-status")?.focus() },
      { keys: "Escape", label: () => w.back, run: () => go("queue", inAddress()) },
    ];
  },
};

/** What happened while nothing was heard. */
function readAgain() {
  void again();
  lookOn();
  void openDetail(open);
}

/** @param {number | null} id */
function openSoon(id) {
  const isHasty = id !== null && id !== open && performance.now() - moved < REST;
  if (id !== open) moved = performance.now();
  open = id;
  clearTimeout(resting);
  expectDetail(id);
  const begin = () => {
    look(id);
    void openDetail(id);
  };
  if (isHasty) resting = setTimeout(begin, REST);
  else begin();
}

/** @param {1 | -1} by */
async function step(by) {
  const at = list.items.findIndex(({ id }) => id === open);
  const place = at < 0 ? 0 : at + by;
  const from = open;
  if (place >= list.items.length) await more();
  const next = list.items[place];
  // Somebody may have gone elsewhere while more was read.
  if (!next || open !== from) return;
  replace("queue", next.id, inAddress());
  focusRow(next);
}

/** @param {Decision} decision */
function onDecide(decision) {
  const { incident } = detail;
  if (!incident || !possible(incident).includes(decision)) return;
  if (!isReadable()) return tooSoon();
  const settled = (/** @type {import("./list.js").Incident} */ outcome) => {
    decided(outcome);
    refresh(outcome);
    redraw();
  };
  void decide(incident, decision, { waits: () => void goOn(incident.id), settled });
}

function onReopen() {
  const { incident } = detail;
  if (!incident) return;
  void reopen(incident, (reopened) => {
    decided(reopened);
    void openDetail(open);
  });
}

/** Opens the next one that waits for somebody, after this one or from the top, and shows it in the list. @param {number} id */
async function goOn(id) {
  redraw();
  if (open !== id) return;
  const isNext = (/** @type {import("./list.js").Incident} */ incident) => incident.status === "open" && !waitingFor(incident.id);
  const after = () => list.items.slice(list.items.findIndex((each) => each.id === id) + 1).find(isNext);
  if (!after()) await more();
  const next = after() ?? list.items.find(isNext);
  if (!next || open !== id) return;
  replace("queue", next.id, inAddress());
  showRow(next);
}

function render() {
  const w = words();
  const count = filter().status === "open" ? w.open : w.count;
  return html`<header class="row spread"><h1>${w.title}</h1><p class="quiet small" role="status">${list.problem && !list.items.length ? nothing : count(countFitting(), list.next !== null)}</p></header>
    ${filters(open)}
    <div class="queue ${open === null ? "" : "opened"}">
      <section class="queue-list" aria-label=${w.list}>
        ${list.waiting.length ? html`<button class="primary" @click=${showFromTop}>${w.waiting(list.waiting.length)}</button>` : nothing}
        ${list.problem ? failure(list.problem, again) : nothing}
        ${!list.items.length && !list.isLoading && !list.problem ? nothingListed() : rows(open)}
      </section>
      <div class="queue-detail">${open === null ? html`<p class="quiet">${w.choose}</p>` : detailPane(href("queue", inAddress()), onDecide, onReopen)}</div>
    </div>`;
}

function nothingListed() {
  const w = words();
  return isFiltered()
    ? html`<div class="card"><p><strong>${w.noMatch}</strong></p><div><button @click=${() => go("queue", ...(open === null ? [] : [open]))}>${w.clear}</button></div></div>`
    : html`<div class="card"><p><strong>${w.empty}</strong></p><p class="quiet">${w.emptyText}</p></div>`;
}

function showFromTop() {
  showWaiting();
  toTop();
}
