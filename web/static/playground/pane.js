// One side of the chat: who it is, what they can send, and every frame of theirs.

import { dictionary, language, number } from "../shared/language.js";
import { html, live, nothing, repeat } from "../shared/lit.js";
import { say } from "../shared/toast.js";
import { meaning } from "./codes.js";
import { pretty } from "./rest.js";

/**
 * @typedef {object} Side
 * @property {import("./connection.js").Connection} connection
 * @property {string} token
 * @property {string | null} user
 * @property {string} name
 * @property {string} text the message that is typed
 * @property {string} raw the frame that is typed
 * @property {string | null} last the last message that was sent
 * @property {string} problem
 */

/**
 * @typedef {object} Shown
 * @property {Side} side
 * @property {number} index
 * @property {string} name
 * @property {{ name: string, token: string } | null} demo who it may be without a token
 * @property {number} room
 * @property {(side: Side, token: string, name: string) => void} onConnect
 */

const words = dictionary(
  {
    token: "Access token", connect: "Connect", connectAgain: "Connect again", disconnect: "Disconnect", closed: "not connected", connecting: "connecting…", open: "connected",
    commands: "Commands",
    text: "Message", greeting: "Bonjour ! Is the apartment free in August?", send: "Send", again: "Send the same again",
    againHint: "Same id and text: confirmed again, delivered once.",
    bad: "Bad structure (4010)", foreign: "Another’s room (4012)", hateful: "Hateful (4011)", flood: "Flood", raw: "A frame as you write it",
    sendRaw: "Send as it is",
    frames: "Frames", clear: "Clear", copy: "Copy", copied: "The frames are copied.", notCopied: "The browser lets nothing be copied here.",
    none: "No frame yet.", in: "in", out: "out", note: "",
    bytes: (/** @type {number} */ n) => `${number(n)} B`, asDemo: (/** @type {string} */ name) => `Connect as ${name}`, closedWith: "Closed with",
    formatted: "Formatted",
  },
  {
    token: "Jeton d’accès", connect: "Connecter", connectAgain: "Reconnecter", disconnect: "Déconnecter", closed: "non connecté", connecting: "connexion…", open: "connecté",
    commands: "Commandes",
    text: "Message", greeting: "Bonjour ! L’appartement est-il libre en août ?", send: "Envoyer", again: "Renvoyer le même",
    againHint: "Même identifiant, même texte : reconfirmé, remis une seule fois.",
    bad: "Mal formée (4010)", foreign: "Salon d’autrui (4012)", hateful: "Haineux (4011)", flood: "Rafale", raw: "Une trame comme vous l’écrivez",
    sendRaw: "Envoyer telle quelle",
    frames: "Trames", clear: "Vider", copy: "Copier", copied: "Les trames sont copiées.", notCopied: "Le navigateur ne laisse rien copier ici.",
    none: "Aucune trame pour l’instant.", in: "reçue", out: "envoyée", note: "",
    bytes: (n) => `${number(n)} o`, asDemo: (name) => `Connecter en tant que ${name}`, closedWith: "Fermée avec", formatted: "Mise en forme",
  },
);

/** A message that the rules which ship with the server block. */
const HATEFUL = "All foreigners are vermin and should be exterminated";
const BAD = '{"type":"SendMessage","data":{"room_id":"seven"}}';
const NOBODYS_ROOM = Number.MAX_SAFE_INTEGER;
const FLOOD = 40;

/** @param {number} room_id @param {string} message */
const command = (room_id, message) => JSON.stringify({ type: "SendMessage", data: { room_id, message, message_temp_id: crypto.randomUUID() } });

/** @param {Shown} shown */
export function pane(shown) {
  const w = words();
  const { index, name } = shown;
  const { connection } = shown.side;
  const tone = { open: "good", connecting: "warn", closed: "" }[connection.state];
  return html`<section class="card pane" aria-labelledby="pane-${index}">
    <div class="row spread"><h2 id="pane-${index}">${name}</h2><span class="badge ${tone}" role="status">${w[connection.state]}</span></div>
    ${connection.state === "open" ? html`<div><button @click=${() => connection.disconnect()}>${w.disconnect}</button></div>` : connecting(shown)}
    ${connection.closed ? html`<p class="notice warn" role="alert"><span><strong>${w.closedWith} ${connection.closed.code} ${connection.closed.reason}</strong><br>
      ${meaning(connection.closed.code)}</span> <button @click=${() => shown.onConnect(shown.side, shown.side.token, shown.side.name)}>${w.connectAgain}</button></p>` : nothing}
    ${commands(shown)}
    <div class="row spread"><h3 id="frames-${index}">${w.frames}</h3><span class="row">
      <button class="link" @click=${() => void copy(connection)}>${w.copy}</button><button class="link" @click=${() => connection.clear()}>${w.clear}</button></span></div>
    <div class="frames" tabindex="0" role="log" aria-labelledby="frames-${index}" @scroll=${scrolled}><ol>
      ${connection.log.length ? repeat(connection.log, ({ id }) => id, frame) : html`<li class="quiet">${w.none}</li>`}</ol></div>
  </section>`;
}

/** @param {Shown} shown */
function connecting({ side, demo, onConnect }) {
  const w = words();
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    onConnect(side, String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("token")).trim(), "");
  };
  // After a close, the button beside the code does the same.
  const isOffered = demo && !(side.connection.closed && side.name === demo.name);
  return html`${isOffered ? html`<div><button class="primary" @click=${() => onConnect(side, demo.token, demo.name)}>${w.asDemo(demo.name)}</button></div>` : nothing}
    <form class="row" @submit=${submit}><label class="grow">${w.token}<input name="token" type="password" autocomplete="off" required></label><button>${w.connect}</button></form>
    <p role="alert" class=${side.problem ? "notice bad" : ""}>${side.problem}</p>`;
}

/** @param {Shown} shown */
function commands({ side, room }) {
  const w = words();
  const { connection } = side;
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    side.last = command(room, side.text || w.greeting);
    if (connection.send(side.last)) side.text = "";
  };
  const flood = () => {
    for (let number = 1; number <= FLOOD; number++) connection.send(command(room, `${number}`));
  };
  /** @param {"text" | "raw"} field */
  const typing = (field) => (/** @type {Event} */ { target }) => void (side[field] = /** @type {HTMLInputElement} */ (target).value);
  return html`<fieldset ?disabled=${connection.state !== "open"}><legend>${w.commands}</legend>
    <form class="row" @submit=${submit}><label class="grow">${w.text}<input maxlength="4000" placeholder=${w.greeting} .value=${live(side.text)} @input=${typing("text")}></label>
      <button class="primary">${w.send}</button></form>
    <div class="actions">
      <button title=${w.againHint} ?disabled=${!side.last} @click=${() => connection.send(side.last ?? "")}>${w.again}</button>
      <button @click=${() => connection.send(BAD)}>${w.bad}</button>
      <button @click=${() => connection.send(command(NOBODYS_ROOM, "Bonjour"))}>${w.foreign}</button>
      <button @click=${() => connection.send(command(room, HATEFUL))}>${w.hateful}</button>
      <button @click=${flood}>${w.flood}</button></div>
    <details><summary>${w.raw}</summary><div class="stack">
      <label><span class="visually-hidden">${w.raw}</span><textarea class="mono" spellcheck="false" .value=${live(side.raw)} @input=${typing("raw")}></textarea></label>
      <div><button @click=${() => connection.send(side.raw)}>${w.sendRaw}</button></div></div></details>
  </fieldset>`;
}

/** @param {import("./connection.js").Noted} noted */
function frame({ at, way, text, bytes }) {
  const w = words();
  const time = `${at.toLocaleTimeString(language(), { hour12: false })}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  return html`<li class=${way}><div class="small quiet">${time} ${way === "note" ? nothing : html`· ${way === "in" ? "↓" : "↑"} ${w[way]} · ${w.bytes(bytes)}`}</div>
    <code>${text}</code>${way === "note" ? nothing : html`<details><summary class="small">${w.formatted}</summary><pre class="mono">${pretty(text)}</pre></details>`}</li>`;
}

/** @param {Side["connection"]} connection */
async function copy({ log }) {
  const text = log.map(({ at, way, text }) => `${at.toISOString()} ${way} ${text}`).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    say(words().copied);
  } catch {
    say(words().notCopied, { tone: "bad" });
  }
}

/** Logs in which somebody has scrolled up to read. @type {WeakSet<EventTarget>} */
const held = new WeakSet();

/** @param {Event} event */
function scrolled({ target }) {
  const log = /** @type {HTMLElement} */ (target);
  if (log.scrollTop + log.clientHeight < log.scrollHeight - 40) held.add(log);
  else held.delete(log);
}

/** Shows the newest frames, where nobody reads older ones. */
export function followFrames() {
  for (const log of document.querySelectorAll(".frames")) if (!held.has(log)) log.scrollTop = log.scrollHeight;
}
