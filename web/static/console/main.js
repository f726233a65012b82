// The moderators' console: its frame, its views, its keys. Everything it does goes through the documented REST routes.

import { closeLayer, openLayer } from "../shared/back.js";
import { ask, dialog, isAsking } from "../shared/dialog.js";
import { Told } from "../shared/errors.js";
import { listen, on, streamState } from "../shared/events.js";
import { failure } from "../shared/failure.js";
import { dictionary, language, plural, speak } from "../shared/language.js";
import { html, keyed, nothing, ref as openWith, render } from "../shared/lit.js";
import { drawWith, redraw } from "../shared/redraw.js";
import { follow, href, replace, route } from "../shared/router.js";
import { signOut, who, whyEnded } from "../shared/session.js";
import { signedOut, signInForm } from "../shared/sign-in.js";
import { say, toastList, undoLast } from "../shared/toast.js";
import { areKeysOn, keysDialog, pressed } from "./keys.js";
import { cancelAll, countWaiting, sendAll } from "./queue/waiting.js";

/**
 * @typedef {import("../shared/router.js").Route} Route
 * @typedef {{ keys: string, label: () => string, run: (event: KeyboardEvent) => void, repeats?: boolean }} Key
 * `keys` is what `KeyboardEvent.key` may be, by spaces; held down, a key is meant once unless it `repeats`
 * @typedef {object} View a part of the console
 * @property {() => string} title
 * @property {() => unknown} render
 * @property {(route: Route) => void} [enter] called at first and whenever the address changes within the view
 * @property {() => void} [leave]
 * @property {() => Key[]} [keys]
 */

/** @type {Record<string, () => Promise<{ view: View }>>} */
const VIEWS = {
  queue: () => import("./queue/view.js"),
  rules: () => import("./rules/view.js"),
  people: () => import("./people/view.js"),
  rooms: () => import("./rooms/view.js"),
  audit: () => import("./audit/view.js"),
  numbers: () => import("./numbers/view.js"),
  settings: () => import("./settings/view.js"),
};

const words = dictionary(
  {
    queue: "Queue", rules: "Rules", people: "People", rooms: "Rooms", audit: "Audit log", numbers: "Numbers", settings: "Policy",
    console: "Moderation", skip: "Skip to the content", views: "Views", signOut: "Sign out", keys: "Keyboard", dismiss: "Close", language: "Français",
    live: "Live", connecting: "Connecting…", away: "Not live: reconnecting", full: "Not live: open in too many tabs", off: "Not live",
    moderator: "Moderator", admin: "Admin", user: "Not a moderator",
    notAllowed: "This account is not a moderator’s",
    notAllowedText: "Ask an admin to set the role “moderator” in its app_metadata, or sign in as somebody else.",
    again: "Sign in again", againText: "Your session has ended. What you typed is still here: sign in and go on.", signOutInstead: "Sign out and lose it",
    nothingToUndo: "There is nothing to undo.",
    notLoaded: "This part of the console could not be loaded: the server cannot be reached. Try again in a moment.",
    waiting: (/** @type {number} */ n) => `${plural(n, "decision is", "decisions are")} not sent yet`,
    waitingText: "You can still send them, or drop them: the incidents then stay open.", stay: "Stay", drop: "Drop and sign out", send: "Send and sign out",
    notSent: "Some decisions could not be sent. Their incidents are still open.",
  },
  {
    queue: "File d’attente", rules: "Règles", people: "Personnes", rooms: "Salons", audit: "Journal d’audit", numbers: "Chiffres", settings: "Règlement",
    console: "Modération", skip: "Aller au contenu", views: "Vues", signOut: "Se déconnecter", keys: "Clavier", dismiss: "Fermer", language: "English",
    live: "En direct", connecting: "Connexion…", away: "Hors ligne : reconnexion", full: "Hors ligne : ouvert dans trop d’onglets", off: "Hors ligne",
    moderator: "Modérateur", admin: "Administrateur", user: "Pas modérateur",
    notAllowed: "Ce compte n’est pas modérateur",
    notAllowedText: "Demandez à un administrateur de mettre le rôle « moderator » dans son app_metadata, ou connectez-vous autrement.",
    again: "Reconnectez-vous", againText: "Votre session est terminée. Ce que vous avez écrit est conservé : reconnectez-vous et continuez.",
    signOutInstead: "Se déconnecter et l’abandonner",
    nothingToUndo: "Il n’y a rien à annuler.",
    notLoaded: "Cette partie de la console n’a pas pu être chargée : le serveur est injoignable. Réessayez dans un instant.",
    waiting: (n) => `${plural(n, "décision n’est pas encore envoyée", "décisions ne sont pas encore envoyées")}`,
    waitingText: "Vous pouvez encore les envoyer, ou y renoncer : les incidents restent alors à traiter.", stay: "Rester", drop: "Y renoncer et se déconnecter",
    send: "Envoyer et se déconnecter", notSent: "Des décisions n’ont pas pu être envoyées. Leurs incidents restent à traiter.",
  },
);

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {View | null} */
let view = null;
let name = "";
/** A view begins when it is there and somebody is signed in, whichever comes last. */
let isEntered = false;
/** @type {unknown} */
let problem = null;
/** @type {AbortController | null} */
let listening = null;
/** The dialog of a session that ended. @type {HTMLDialogElement | null} */
let ended = null;

/** @param {Route} to */
async function show(to) {
  if (!Object.hasOwn(VIEWS, to.view)) return replace("queue");
  if (to.view === name && view) return isIn() ? view.enter?.(to) : undefined;
  view?.leave?.();
  view = null;
  isEntered = false;
  problem = null;
  name = to.view;
  try {
    const { view: opened } = await VIEWS[to.view]();
    // Somebody may have gone on meanwhile.
    if (name !== to.view) return;
    view = opened;
  } catch (error) {
    if (name !== to.view) return;
    problem = await notLoaded(error);
  }
  redraw();
  // On a narrow screen the views stand in a row that is longer than the screen.
  setTimeout(() => document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
}

/** Whether a view was asked for again that could not be loaded. */
let isSecond = false;

/**
 * Why a view is not there. Some browsers keep to it that a file could not be loaded: where the server answers again, the
 * page is loaded anew.
 * @param {unknown} error
 */
async function notLoaded(error) {
  const isThere = isSecond && (await fetch("/healthz", { cache: "no-store" }).then(({ ok }) => ok).catch(() => false));
  if (isThere) location.reload();
  isSecond = false;
  return new Told(() => words().notLoaded, error);
}

function showAgain() {
  isSecond = true;
  void show(route());
}

// What could not be loaded while the server was away can be now.
on("open", () => void (problem && showAgain()));

const isIn = () => who() !== null && who()?.role !== "user";

function draw() {
  document.title = `${isIn() && view ? `${view.title()} · ` : ""}plic-chat`;
  if (isIn() && !listening) {
    listening = new AbortController();
    void listen(listening.signal);
  }
  if (isIn() && view && !isEntered) {
    isEntered = true;
    view.enter?.(route());
  }
  // Taking the element away would not give the focus back.
  if (!whyEnded()) ended?.close();
  if (whyEnded()) void (isHeld || openLayer(stay));
  else if (isHeld && !isLeaving) void closeLayer(stay);
  isHeld = whyEnded() !== null;
  render(html`${isIn() ? frame() : gate()}${dialog(failure)}${whyEnded() ? endedSession() : nothing}`, app);
}

function frame() {
  const w = words();
  const state = streamState();
  return html`<div class="frame">
    <a class="skip button" href="#content" @click=${toContent}>${w.skip}</a>
    <header class="side">
      <a class="brand" href="/"><img src="/web/shared/icon.svg" alt="">plic-chat</a>
      <nav aria-label=${w.views}><ul>
        ${Object.keys(VIEWS).map((each) => html`<li><a href=${href(each)} aria-current=${each === name ? "page" : nothing}>${w[/** @type {"queue"} */ (each)]}</a></li>`)}
      </ul></nav>
      ${toastList(w.dismiss)}
      <div class="side-foot">
        <span class="stream ${state}" role="status">${w[state]}</span>
        <span>${shownName()}</span>
        <button class="link by-keys" @click=${showKeys}>${w.keys} <kbd>?</kbd></button>
        <button class="link" lang=${language() === "fr" ? "en" : "fr"} @click=${() => speak(language() === "fr" ? "en" : "fr")}>${w.language}</button>
        <button class="link" @click=${askToLeave}>${w.signOut}</button>
      </div>
    </header>
    <main id="content" tabindex="-1">${problem ? failure(problem, showAgain) : view ? keyed(name, view.render()) : nothing}</main>
  </div>`;
}

/** Who is signed in. A demo user is called by their role, which has a name in each language. */
function shownName() {
  const session = who();
  return (session?.source === "demo" ? null : session?.name) ?? words()[session?.role ?? "user"];
}

/** @param {Event} event */
function toContent(event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function gate() {
  const w = words();
  return html`<div class="gate"><main class="card" id="content">
    <a class="brand" href="/"><img src="/web/shared/icon.svg" alt="">plic-chat</a>
    <h1>${w.console}</h1>
    ${who() ? html`<div class="notice warn" role="alert"><div><strong>${w.notAllowed}</strong><p>${w.notAllowedText}</p></div><button @click=${leave}>${w.signOut}</button></div>` : signInForm()}
    <button class="link" lang=${language() === "fr" ? "en" : "fr"} @click=${() => speak(language() === "fr" ? "en" : "fr")}>${w.language}</button>
  </main></div>`;
}

/** Over the page, which stays as it is below. */
function endedSession() {
  const w = words();
  return html`<dialog class="dialog" aria-labelledby="ended" ${openWith(stayOpen)} @cancel=${(/** @type {Event} */ event) => event.preventDefault()} @close=${(/** @type {Event} */ event) => void (whyEnded() && stayOpen(/** @type {Element} */ (event.target)))}>
    <div class="stack"><h2 id="ended">${w.again}</h2><p>${w.againText}</p>${signInForm()}
      <div><button type="button" class="link" @click=${leave}>${w.signOutInstead}</button></div></div>
  </dialog>`;
}

/** Going back does not sign in. */
const stay = () => false;
/** Whether the page is about to be loaded again: a way back would come before that. */
let isLeaving = false;
/** Whether going back stays on the page of a session that ended. */
let isHeld = false;

/** A browser closes a dialog on the second Escape whatever the page says. @param {Element | undefined} element */
function stayOpen(element) {
  ended = element instanceof HTMLDialogElement ? element : null;
  queueMicrotask(() => element instanceof HTMLDialogElement && element.isConnected && !element.open && element.showModal());
}

/** Signs out, and asks what becomes of decisions that wait. */
async function askToLeave() {
  const count = countWaiting();
  if (!count) return leave();
  const w = words();
  const goes = await ask({
    title: w.waiting(count), body: () => html`<p>${w.waitingText}</p>`, confirm: w.send, cancel: w.stay, also: { label: w.drop, run: cancelAll },
    submit: async () => {
      if (!(await sendAll())) throw new Told(() => words().notSent);
    },
  });
  if (goes) await leave();
}

async function leave() {
  // What was not sent by now was dropped, as it was said.
  cancelAll();
  isLeaving = true;
  listening?.abort();
  listening = null;
  view?.leave?.();
  signOut();
  await signedOut().catch(() => {});
  // Nothing of the person who leaves stays, in memory or in the tab's storage.
  sessionStorage.clear();
  location.reload();
}

function showKeys() {
  void keysDialog(view?.keys?.() ?? []);
}

addEventListener("keydown", (event) => {
  if (!isIn() || isAsking() || whyEnded()) return;
  const list = { keys: "?", label: () => words().keys, run: showKeys };
  pressed(event, !areKeysOn() ? [list] : [
    ...(view?.keys?.() ?? []),
    list,
    { keys: "z", label: () => "", run: () => void (undoLast() || say(() => words().nothingToUndo, { tone: "plain", about: "nothing to undo" })) },
  ]);
});

drawWith(draw);
follow(show);
