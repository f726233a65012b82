// The list of incidents as one sees it: however long it is, only the rows in sight are in the document.

import { ago, dictionary, plural } from "../../shared/language.js";
import { html, nothing, ref, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href } from "../../shared/router.js";
import { badge, called, isRemoved } from "../words.js";
import { nameOf } from "./decision.js";
import { inAddress } from "./filters.js";
import { list, more, MOST } from "./list.js";
import { secondsLeft } from "../../shared/toast.js";
import { waitingFor } from "./waiting.js";

/** @typedef {import("./list.js").Incident} Incident */

const words = dictionary(
  {
    list: "Incidents", removed: "text removed", most: "Narrow the filters to see older ones.",
    waits: { uphold: "Upheld", dismiss: "Dismissed", deliver: "Delivered", remove: "Removed" }, inSeconds: (/** @type {number} */ n) => `in ${n} s`,
    reports: (/** @type {number} */ n) => plural(n, "report", "reports"),
  },
  {
    list: "Incidents", removed: "texte supprimé", most: "Affinez les filtres pour voir les plus anciens.",
    waits: { uphold: "Confirmé", dismiss: "Écarté", deliver: "Remis", remove: "Supprimé" }, inSeconds: (n) => `dans ${n} s`,
    reports: (n) => plural(n, "signalement", "signalements"),
  },
);

/** The height of a row, in the reader's own size of text, as in queue.css. */
const ROW_REM = 4.75;
const BEYOND = 8;

let top = 0;
let height = 600;
let rowHeight = 16 * ROW_REM;
/** The row that has the focus stays in the document wherever one scrolls. @type {number | null} */
let focused = null;
/** @type {HTMLElement | null} */
let pane = null;
const size = new ResizeObserver(measure);

/** Whether what comes at the top moves nothing that is read. */
export const isAtTop = () => top === 0;

/** Scrolls up to the newest. */
export function toTop() {
  top = 0;
  if (pane) pane.scrollTop = 0;
}

/** Scrolls to a row where it is out of sight. @param {Incident} incident */
export function showRow({ id }) {
  // The list may have grown: it is drawn first.
  redraw();
  setTimeout(() => {
    const wanted = list.items.findIndex((each) => each.id === id) * rowHeight;
    if (pane && (wanted < pane.scrollTop || wanted + rowHeight > pane.scrollTop + pane.clientHeight)) pane.scrollTop = wanted - pane.clientHeight / 2;
  });
}

/** Scrolls to a row where it is out of sight, and gives it the focus. @param {Incident} incident */
export function focusRow(incident) {
  focused = incident.id;
  showRow(incident);
  setTimeout(() => /** @type {HTMLElement | null} */ (pane?.querySelector(`[data-id="${incident.id}"]`) ?? null)?.focus({ preventScroll: true }));
}

/** @param {number | null} open the incident that is looked at */
export function rows(open) {
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const last = Math.min(list.items.length, Math.ceil((top + height) / rowHeight) + BEYOND);
  const shown = list.items.slice(first, last).map((incident, index) => ({ incident, at: first + index }));
  const at = focused === null ? -1 : list.items.findIndex(({ id }) => id === focused);
  if (at >= 0 && (at < first || at >= last)) shown[at < first ? "unshift" : "push"]({ incident: list.items[at], at });
  const tall = (/** @type {Element | undefined} */ element) => {
    if (element instanceof HTMLElement) element.style.height = `${list.items.length * ROW_REM}rem`;
  };
  return html`<div class="queue-scroll" tabindex="0" role="group" aria-label=${words().list} ${ref(watch)} @scroll=${scrolled} @focusin=${focusMoved} @focusout=${focusMoved}>
    <ol class="queue-rows" ${ref(tall)}>${repeat(shown, ({ incident }) => incident.id, ({ incident, at }) => row(incident, at, incident.id === open))}</ol>
    ${list.items.length >= MOST ? html`<p class="quiet small">${words().most}</p>` : nothing}
  </div>`;
}

/** @param {Incident} incident @param {number} at @param {boolean} isOpen */
function row(incident, at, isOpen) {
  const place = (/** @type {Element | undefined} */ element) => {
    if (element instanceof HTMLElement) element.style.top = `${at * ROW_REM}rem`;
  };
  const { id, status, action, category, created_at, message, report_count, further_count } = incident;
  const waiting = waitingFor(id);
  const standing = waiting ? html`<span class="badge warn">${words().waits[nameOf(incident, waiting.decision)]} ${words().inSeconds(secondsLeft(waiting.countdown))}</span>`
    : status === "open" ? nothing : badge("status", status);
  return html`<li aria-setsize=${list.next ? -1 : list.items.length} aria-posinset=${at + 1} ${ref(place)}>
    <a class="queue-row ${status === "open" && !waiting ? "" : "done"}" data-id=${id} href=${href("queue", id, inAddress())} aria-current=${isOpen ? "true" : nothing}>
      <span class="row spread">
        <span class="row">${waiting ? nothing : html`${badge("action", action)} <span class="small">${called("category", category)}</span>${report_count > 1 ? html`<span class="badge">${words().reports(report_count)}</span>` : nothing}`}${standing}${further_count ? html` <span class="badge">+${further_count}</span>` : nothing}</span>
        <time class="quiet small" datetime=${created_at}>${ago(created_at)}</time></span>
      <span class="queue-text">${isRemoved(message) ? words().removed : message}</span></a></li>`;
}

/** @param {FocusEvent} event */
function focusMoved({ type, target }) {
  const id = type === "focusin" && target instanceof HTMLElement ? target.dataset.id : undefined;
  focused = id === undefined ? null : Number(id);
}

/** @param {Element | undefined} element */
function watch(element) {
  size.disconnect();
  pane = element instanceof HTMLElement ? element : null;
  if (pane) size.observe(pane);
}

function measure() {
  height = pane?.clientHeight ?? height;
  rowHeight = ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  redraw();
}

/** @param {Event} event */
function scrolled({ target }) {
  const { scrollTop, clientHeight, scrollHeight } = /** @type {HTMLElement} */ (target);
  top = scrollTop;
  if (scrollTop + 3 * clientHeight > scrollHeight) void more();
  redraw();
}
