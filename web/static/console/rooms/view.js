// A room's conversation, as context: who said what, back to its beginning.

import { page, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { failure } from "../../shared/failure.js";
import { ago, dateTime, dictionary } from "../../shared/language.js";
import { html, nothing, ref, repeat } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go, href } from "../../shared/router.js";
import { say } from "../../shared/toast.js";
import { copyButton } from "../people/copy.js";
import { ruleFromMessage } from "../rules/from-message.js";
import { isRemoved, short } from "../words.js";

/** @typedef {import("../../../types/api").components["schemas"]["RoomDetail"]} RoomDetail */
/** @typedef {import("../../../types/api").components["schemas"]["Message"]} Message */
/** @typedef {import("../../../types/api").components["schemas"]["Incident"]} Incident */

const words = dictionary(
  {
    title: "Rooms", open: "Open a room by its number", openIt: "Open", number: "Room number", recent: "Recently in the queue",
    none: "The queue was about no room yet.", room: (/** @type {number} */ id) => `Room ${id}`,
    lead: "A conversation as context. Rooms are named by incidents, reports and the audit log.",
    apartment: (/** @type {number} */ id) => `Apartment ${id}`, owner: "owner", participants: "Participants", messages: "Messages", older: "Older messages",
    empty: "Nothing has been said here.", loading: "Loading…", back: "Another room", newest: "Newest messages",
    rule: "Write a rule", remove: "Remove", sureRemove: "Remove this message?", removeText: "Its text is taken away from the room for good. An open incident about it keeps the text as evidence.",
    removed: "The message is removed.", gone: "text removed", cancel: "Cancel",
    delete: "Delete the room…", sureDelete: "Delete this room?", deleteText: "It is gone for its participants at once; moderators can still read it.",
    deleted: "The room is deleted.", began: (/** @type {string} */ when) => `since ${when}`,
  },
  {
    title: "Salons", open: "Ouvrir un salon par son numéro", openIt: "Ouvrir", number: "Numéro du salon", recent: "Récemment dans la file",
    none: "La file n’a encore concerné aucun salon.", room: (id) => `Salon ${id}`,
    lead: "Une conversation pour comprendre le contexte. Les incidents, les signalements et le journal nomment les salons.",
    apartment: (id) => `Appartement ${id}`, owner: "propriétaire", participants: "Participants", messages: "Messages", older: "Messages plus anciens",
    empty: "Rien n’a été dit ici.", loading: "Chargement…", back: "Un autre salon", newest: "Messages les plus récents",
    rule: "En faire une règle", remove: "Supprimer", sureRemove: "Supprimer ce message ?", removeText: "Son texte est effacé définitivement du salon. Un incident en cours à son sujet le conserve comme preuve.",
    removed: "Le message est supprimé.", gone: "texte supprimé", cancel: "Abandonner",
    delete: "Supprimer le salon…", sureDelete: "Supprimer ce salon ?",
    deleteText: "Il disparaît tout de suite pour ses participants ; les modérateurs peuvent encore le lire.", deleted: "Le salon est supprimé.",
    began: (when) => `depuis le ${when}`,
  },
);

const SHOWN = 5_000;

/** Incidents that are read to find the rooms of late, and rooms of them that are listed. */
const SEEN = 200;
const LISTED = 20;

/** @type {number | null} */
let id = null;
/** The last incident of each room of late. @type {Incident[] | null} */
let recent = null;
let marked = 0;
/** @type {RoomDetail | null} */
let room = null;
/** @type {string | null} */
let older = null;
/** @type {unknown} */
let problem = null;
let isScrolled = false;
/** An answer about another room, or another part of it, comes too late. */
let asked = 0;
let isReading = false;

async function load() {
  const wanted = id;
  const question = ++asked;
  problem = null;
  try {
    if (wanted === null) {
      const { items } = await page("/moderation/incidents", { query: { limit: SEEN } });
      const rooms = new Map(items.toReversed().map((/** @type {Incident} */ incident) => [incident.room_id, incident]));
      recent = [...rooms.values()].sort((a, b) => b.id - a.id).slice(0, LISTED);
      return redraw();
    }
    // A message in question is in the middle of what is read.
    const { items, next } = await page(`/rooms/${wanted}`, { query: { limit: 100, before: marked ? marked + 50 : null } });
    if (question !== asked) return;
    room = /** @type {any} */ (items);
    older = next;
  } catch (error) {
    if (question === asked) problem = error;
  }
  redraw();
}

async function readOlder() {
  const from = older;
  if (!from || isReading) return;
  const question = asked;
  isReading = true;
  redraw();
  try {
    const { items, next } = await page(from);
    if (question !== asked) return;
    const { messages } = /** @type {RoomDetail} */ (/** @type {any} */ (items));
    if (room) room = { ...room, messages: [...messages, ...room.messages] };
    older = next;
  } catch (error) {
    if (question === asked) problem = error;
  } finally {
    isReading = false;
  }
  redraw();
}

/** @type {import("../main.js").View} */
export const view = {
  title: () => (id === null ? words().title : words().room(id)),
  enter({ parts: [part], query }) {
    id = /^\d+$/.test(part ?? "") ? Number(part) : null;
    marked = Number(query.get("message")) || 0;
    room = null;
    isScrolled = false;
    void load();
  },
  render: () => (id === null ? choose() : conversation(id)),
};

function choose() {
  const w = words();
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    go("rooms", Number(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("id")));
  };
  return html`<header><h1>${w.title}</h1><p class="quiet">${w.lead}</p></header>
    <form class="card row finder" aria-label=${w.open} @submit=${submit}><label class="grow">${w.number}<input name="id" type="number" min="1" max="9007199254740991" step="1" required></label><button class="primary">${w.openIt}</button></form>
    ${problem ? failure(problem, load) : nothing}
    ${recent ? html`<section class="card" aria-labelledby="recent"><h2 id="recent">${w.recent}</h2>${recent.length ? html`<ul class="people">${repeat(recent, ({ room_id }) => room_id, ({ room_id, message, created_at }) => html`<li>
        <a href=${href("rooms", room_id)}>${w.room(room_id)}</a> <span class="quiet small">${ago(created_at)}</span><div class="message-text clip">${message}</div></li>`)}</ul>` : html`<p class="quiet">${w.none}</p>`}</section>`
    : problem ? nothing : html`<p class="quiet" role="status">${w.loading}</p>`}`;
}

/** @param {number} number */
function conversation(number) {
  const w = words();
  return html`<p><a href=${href("rooms")}>← ${w.back}</a></p>
    <header class="row spread"><h1>${w.room(number)}</h1>${room ? html`<button @click=${() => remove(number)}>${w.delete}</button>` : nothing}</header>
    ${problem ? failure(problem, load) : nothing}
    ${room ? html`<section class="card" aria-labelledby="people"><h2 id="people">${w.participants}</h2>
        <p class="quiet small">${room.apartment_id === null ? nothing : html`${w.apartment(room.apartment_id)} · `}${w.began(dateTime(room.created_at))}</p>
        <ul class="people">${room.participants_id.map((user) => html`<li><a class="mono" href=${href("people", user)}>${user}</a> ${copyButton(user)} ${user === room?.owner_id ? html`<span class="badge">${w.owner}</span>` : nothing}</li>`)}</ul></section>
      <section class="stack" aria-labelledby="messages"><h2 id="messages">${w.messages}</h2>
        ${older && room.messages.length < SHOWN ? html`<div><button ?disabled=${isReading} @click=${readOlder}>${w.older}</button></div>` : nothing}
        ${room.messages.length ? html`<ol class="talk">${repeat(room.messages, (message) => message.id, said)}</ol>` : html`<p class="quiet">${w.empty}</p>`}
        ${marked ? html`<p><a href=${href("rooms", number)}>${w.newest}</a></p>` : nothing}</section>`
    : problem ? nothing : html`<p class="quiet" role="status">${w.loading}</p>`}`;
}

/** @param {Message} message */
function said(message) {
  const w = words();
  const isHere = message.id === marked;
  return html`<li class=${isHere ? "here" : message.sender_id === room?.owner_id ? "sender" : ""} ${isHere ? ref(scrollTo) : nothing}>
    <div class="row spread"><span class="small quiet"><a class="mono" href=${href("people", message.sender_id)}>${short(message.sender_id)}</a> · <time datetime=${message.created_at}>${dateTime(message.created_at)}</time></span>
      ${!isRemoved(message.message) ? html`<span class="row"><button class="link" @click=${() => ruleFromMessage(message.message)}>${w.rule}</button><button class="link" @click=${() => redact(message)}>${w.remove}</button></span>` : nothing}</div>
    <div class="message-text">${isRemoved(message.message) ? html`<span class="quiet">${w.gone}</span>` : message.message}</div></li>`;
}

/** @param {Element | undefined} element */
function scrollTo(element) {
  if (!element || isScrolled) return;
  isScrolled = true;
  queueMicrotask(() => element.scrollIntoView({ block: "center" }));
}

/** @param {Message} message */
async function redact(message) {
  const w = words();
  const isDone = await ask({
    title: w.sureRemove, confirm: w.remove, cancel: w.cancel, danger: true,
    body: () => html`<p>${w.removeText}</p><blockquote class="message-text">${message.message}</blockquote>`,
    submit: () => request("DELETE", `/moderation/messages/${message.id}`),
  });
  if (!isDone) return;
  say(w.removed);
  if (room) room = { ...room, messages: room.messages.map((each) => (each.id === message.id ? { ...each, message: "" } : each)) };
  redraw();
}

/** @param {number} number */
async function remove(number) {
  const w = words();
  const isDone = await ask({ title: w.sureDelete, confirm: w.delete.replace("…", ""), cancel: w.cancel, danger: true, body: () => html`<p>${w.deleteText}</p>`, submit: () => request("DELETE", `/rooms/${number}`) });
  if (isDone) say(w.deleted);
}
