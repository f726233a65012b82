// REST calls for rooms, ready to send: what was asked, what was answered, how long it took, and the same for a shell.

import { dictionary, number } from "../shared/language.js";
import { html, nothing } from "../shared/lit.js";
import { redraw } from "../shared/redraw.js";

/** @typedef {{ method: string, path: string, body: string, status: number, millis: number, bytes: number, answer: string }} Exchange */

const words = dictionary(
  {
    title: "REST", as: "As", call: "Call", body: "Body", path: "Path", send: "Send", answer: "Answer", away: "The server cannot be reached.",
    noToken: "Give this side a token first.", shell: "For a shell",
    list: "List rooms", create: "Make a room with the other one", read: "Read a room", add: "Add or remove participants", remove: "Delete a room",
    report: "Report a message",
  },
  {
    title: "REST", as: "En tant que", call: "Appel", body: "Corps", path: "Chemin", send: "Envoyer", answer: "Réponse", away: "Le serveur est injoignable.",
    noToken: "Donnez d’abord un jeton à ce côté.", shell: "Pour un terminal",
    list: "Lister les salons", create: "Créer un salon avec l’autre", read: "Lire un salon", add: "Ajouter ou retirer des participants",
    remove: "Supprimer un salon", report: "Signaler un message",
  },
);

/**
 * @param {number} room
 * @param {string | null} other
 * @param {number | null} newest the newest message of the room
 * @returns {Record<"list" | "create" | "read" | "add" | "remove" | "report", { method: string, path: string, body: unknown }>}
 */
const calls = (room, other, newest) => ({
  list: { method: "GET", path: "/rooms", body: null },
  create: { method: "POST", path: "/rooms", body: { users: other ? [other] : [], apartment_id: null } },
  read: { method: "GET", path: `/rooms/${room}`, body: null },
  add: { method: "PUT", path: "/rooms", body: { room_id: room, users_to_add: other ? [other] : [], users_to_remove: [] } },
  remove: { method: "DELETE", path: `/rooms/${room}`, body: null },
  report: { method: "POST", path: "/reports", body: { room_id: room, message_id: newest ?? 1, reason: "Spam" } },
});

let chosen = /** @type {"list" | "create" | "read" | "add" | "remove" | "report"} */ ("list");
/** @type {{ path: string, body: string } | null} what was typed in place of what is ready */
let typed = null;
/** @type {Exchange | null} */
let last = null;
/** Whose token goes with the call. */
let as = 0;
let problem = "";
/** The newest message that is stored, of which room, read when and by whom. */
let newest = { key: "", room: 0, id: /** @type {number | null} */ (null) };
let isReading = false;

/**
 * Reads the newest message of the room, again once something else was heard.
 * @param {number} room @param {string} token @param {number} heard
 */
async function readNewest(room, token, heard) {
  const key = `${room} ${as} ${heard}`;
  if (!token || isReading || newest.key === key) return;
  isReading = true;
  const response = await fetch(`/rooms/${room}?limit=1`, { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" }).catch(() => null);
  const messages = response?.ok ? (await response.json().catch(() => ({}))).messages : [];
  newest = { key, room, id: messages?.at(-1)?.id ?? null };
  isReading = false;
  redraw();
}

/**
 * `heard` grows with every frame.
 * @param {{ sides: { name: string, token: string, user: string | null }[], room: number, heard: number, onRooms: (rooms: number[]) => void }} given
 */
export function rest({ sides, room, heard, onRooms }) {
  const w = words();
  const other = sides[1 - as]?.user ?? null;
  if (chosen === "report") void readNewest(room, sides[as].token, heard);
  const ready = calls(room, other, newest.room === room ? newest.id : null)[chosen];
  const path = typed?.path ?? ready.path;
  const body = typed?.body ?? (ready.body === null ? "" : JSON.stringify(ready.body, null, 2));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const { token } = sides[as];
    problem = token ? "" : w.noToken;
    if (token) {
      try {
        last = await exchange(ready.method, path, body, token);
        if (chosen === "list" && last.status === 200) onRooms(JSON.parse(last.answer).data.map((/** @type {{ room_id: number }} */ { room_id }) => room_id));
      } catch {
        problem = w.away;
      }
    }
    redraw();
  };
  return html`<section class="card" aria-labelledby="rest"><h2 id="rest">${w.title}</h2>
    <form class="stack" @submit=${submit}>
      <div class="fields">
        <label>${w.call}<select name="call" @change=${(/** @type {Event} */ { target }) => { chosen = /** @type {typeof chosen} */ (/** @type {HTMLSelectElement} */ (target).value); typed = null; redraw(); }}>
          ${/** @type {(typeof chosen)[]} */ (Object.keys(calls(0, null, null))).map((name) => html`<option value=${name} ?selected=${name === chosen}>${w[name]}</option>`)}</select></label>
        <label>${w.as}<select name="side" @change=${(/** @type {Event} */ { target }) => { as = Number(/** @type {HTMLSelectElement} */ (target).value); redraw(); }}>${sides.map(({ name }, index) => html`<option value=${index} ?selected=${index === as}>${name}</option>`)}</select></label>
        <label>${w.path} <input spellcheck="false" .value=${path} @input=${(/** @type {Event} */ { target }) => { typed = { path: /** @type {HTMLInputElement} */ (target).value, body }; redraw(); }}></label>
      </div>
      ${ready.body === null ? nothing : html`<label>${w.body}<textarea class="mono" spellcheck="false" rows="5" .value=${body} @input=${(/** @type {Event} */ { target }) => { typed = { path, body: /** @type {HTMLTextAreaElement} */ (target).value }; redraw(); }}></textarea></label>`}
      <div><button class="primary">${ready.method} · ${w.send}</button></div>
      <p role="alert" class=${problem ? "notice bad" : ""}>${problem}</p>
    </form>
    <details><summary>${w.shell}</summary><pre class="mono">${curl(ready.method, path, ready.body === null ? "" : body)}</pre></details>
    ${last ? html`<div aria-live="polite" class="stack"><h3>${w.answer}</h3><p class="row"><code>${last.method} ${last.path}</code><span class="badge ${last.status < 400 ? "good" : "bad"}">${last.status}</span><span class="quiet small">${number(last.millis)} ms · ${number(last.bytes)} B</span></p>
      <pre class="mono answer" tabindex="0">${pretty(last.answer)}</pre></div>` : nothing}
  </section>`;
}

/** @param {string} method @param {string} path @param {string} body @param {string} token @returns {Promise<Exchange>} */
async function exchange(method, path, body, token) {
  const began = performance.now();
  // Of this server alone, whatever was typed.
  const address = new URL(path, location.origin);
  if (address.origin !== location.origin) throw new TypeError("another server");
  const response = await fetch(address, { method, cache: "no-store", headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) }, body: body || undefined });
  const answer = await response.text();
  return { method, path, body, status: response.status, millis: Math.round(performance.now() - began), bytes: new TextEncoder().encode(answer).length, answer };
}

/** @param {string} method @param {string} path @param {string} body */
function curl(method, path, body) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;
  return `curl -X ${method} ${quoted(location.origin + path)} -H "Authorization: Bearer $TOKEN"${body ? ` \\\n  -H 'Content-Type: application/json' -d ${quoted(body)}` : ""}`;
}

/** @param {string} text */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
