// The playground: two people's WebSockets side by side, every frame in sight, and REST beside them.

import { dictionary, language, speak } from "../shared/language.js";
import { html, live, nothing, render } from "../shared/lit.js";
import { drawWith, redraw } from "../shared/redraw.js";
import { claims } from "../shared/session.js";
import { toastList } from "../shared/toast.js";
import { codeNotice, onCode, readWays } from "../shared/ways-in.js";
import { Connection } from "./connection.js";
import { followFrames, pane } from "./pane.js";
import { rest } from "./rest.js";

/** @typedef {import("./pane.js").Side} Side */

const words = dictionary(
  {
    title: "Playground", lead: "Chat with yourself: connect both sides, send something, and watch every frame.", language: "Français", left: "Left",
    right: "Right",
    by: "The token travels as", protocol: "subprotocol", query: "parameter of the address", room: "Room", notAToken: "This is no access token.", close: "Close",
  },
  {
    title: "Terrain d’essai", lead: "Discutez avec vous-même : connectez les deux côtés, envoyez un message et regardez chaque trame.", language: "English",
    left: "Gauche", right: "Droite",
    by: "Le jeton voyage en", protocol: "sous-protocole", query: "paramètre de l’adresse", room: "Salon", notAToken: "Ce n’est pas un jeton d’accès.",
    close: "Fermer",
  },
);

/** @returns {Side} */
const side = () => ({ connection: new Connection(), token: "", user: null, name: "", text: "", raw: '{"type": "SendMessage", "data": {}}', last: null, problem: "" });
const sides = [side(), side()];
/** @type {{ name: string, token: string }[]} */
let demo = [];
/** Whether there are demo users, and this browser has shown no code. */
let needsCode = false;
let by = /** @type {"protocol" | "query"} */ ("protocol");
let room = 1;
/** @type {number[]} */
let rooms = [];

async function begin() {
  // Without an answer one pastes tokens.
  const ways = await readWays().catch(() => null);
  demo = (ways?.demo ?? []).filter(({ role }) => role === "user");
  needsCode = ways?.needs_code ?? false;
  if (new URLSearchParams(location.search).get("as") === "demo") connectDemo();
  redraw();
}

/** Connects each side as its demo user, where nobody has connected it yet. */
function connectDemo() {
  for (const [index, side] of sides.entries()) if (demo[index] && !side.token) connect(side, demo[index].token, demo[index].name);
}

/** @param {Side} side @param {string} token @param {string} name */
function connect(side, token, name) {
  // What a subprotocol's name cannot have (RFC 9110, section 5.6.2) no access token has.
  const known = /^[\w-]+(\.[\w-]+){2}$/.test(token) ? claims(token) : null;
  side.problem = known ? "" : words().notAToken;
  if (known) {
    Object.assign(side, { token, name, user: known.user });
    side.connection.connect(token, by);
    void readRooms(token);
  }
  redraw();
}

/** @param {string} token */
async function readRooms(token) {
  const response = await fetch("/rooms", { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" }).catch(() => null);
  if (response?.ok) showRooms((await response.json()).data.map((/** @type {{ room_id: number }} */ { room_id }) => room_id));
}

/** @param {number[]} found */
function showRooms(found) {
  rooms = found;
  if (rooms.length && !rooms.includes(room)) room = Math.min(...rooms);
  redraw();
}

function draw() {
  const w = words();
  document.title = `${w.title} · plic-chat`;
  const names = sides.map(({ name, token }, index) => name || (token ? "" : demo[index]?.name) || (index ? w.right : w.left));
  render(html`<header class="top"><a class="brand" href="/"><img src="/web/shared/icon.svg" alt="" width="28" height="28">plic-chat</a>
      <button class="link" lang=${language() === "fr" ? "en" : "fr"} @click=${() => speak(language() === "fr" ? "en" : "fr")}>${w.language}</button></header>
    <main>
      <div><h1>${w.title}</h1><p class="quiet">${w.lead}</p></div>
      ${needsCode ? codeNotice() : nothing}
      <div class="fields">
        <label>${w.by}<select @change=${(/** @type {Event} */ { target }) => { by = /** @type {typeof by} */ (/** @type {HTMLSelectElement} */ (target).value); redraw(); }}><option value="protocol">${w.protocol} (plic.bearer.…)</option><option value="query">${w.query} (?token=…)</option></select></label>
        <label>${w.room}<input type="number" min="1" list="rooms" .value=${live(String(room))} @change=${(/** @type {Event} */ { target }) => { room = Number(/** @type {HTMLInputElement} */ (target).value); redraw(); }}><datalist id="rooms">${rooms.map((id) => html`<option value=${id}></option>`)}</datalist></label>
      </div>
      <div class="panes">${sides.map((each, index) => pane({ side: each, index, name: names[index], demo: demo[index] ?? null, room, onConnect: connect }))}</div>
      ${rest({ sides: sides.map(({ token, user }, index) => ({ name: names[index], token, user })), room, heard: sides.reduce((newest, { connection }) => Math.max(newest, connection.log.at(-1)?.id ?? 0), 0), onRooms: showRooms })}
    </main>${toastList(w.close)}`, /** @type {HTMLElement} */ (document.getElementById("app")));
  followFrames();
}

onCode(begin);
drawWith(draw);
void begin();
