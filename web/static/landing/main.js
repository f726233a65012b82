// The landing page: what there is on this server, and on one to try things on, how to come in.

import { failure } from "../shared/failure.js";
import { dictionary, language, speak } from "../shared/language.js";
import { html, nothing, render } from "../shared/lit.js";
import { drawWith, redraw } from "../shared/redraw.js";
import { codeNotice, onCode, readWays } from "../shared/ways-in.js";

/** @typedef {import("../shared/ways-in.js").WaysIn} WaysIn */

const words = dictionary(
  {
    lead: "A self-hosted, moderated chat server. It is running.", language: "Français", places: "Places",
    console: ["Console", "Moderate: the queue, the rules, people and numbers"],
    playground: ["Playground", "Chat with yourself, and see every frame of the WebSocket"],
    docs: ["Swagger UI", "Try the REST routes, and read how the WebSocket works"], document: ["OpenAPI document", "Generate a client from it"],
    ready: ["Readiness", "Whether the database answers"], metrics: ["Metrics", "For Prometheus"],
    socket: "The WebSocket is on this very address:", token: "<access token>",
    isIn: "This browser is let in.", asModerator: "Moderate as a demo moderator", asUsers: "Chat as alice and bob",
  },
  {
    lead: "Un serveur de discussion modéré et auto-hébergé. Il fonctionne.", language: "English", places: "Pages",
    console: ["Console", "Modérer : la file d’attente, les règles, les personnes et les chiffres"],
    playground: ["Terrain d’essai", "Discuter avec soi-même et voir chaque trame du WebSocket"],
    docs: ["Swagger UI", "Essayer les routes REST et lire comment fonctionne le WebSocket"],
    document: ["Document OpenAPI", "En générer un client"], ready: ["Disponibilité", "Si la base de données répond"], metrics: ["Métriques", "Pour Prometheus"],
    socket: "Le WebSocket est à cette adresse même :", token: "<jeton d’accès>",
    isIn: "Ce navigateur est autorisé à entrer.", asModerator: "Modérer en tant que modérateur de démonstration", asUsers: "Discuter en tant qu’alice et bob",
  },
);

/** @type {WaysIn | null} */
let ways = null;
/** @type {unknown} */
let problem = null;

async function read() {
  problem = null;
  try {
    ways = await readWays();
  } catch (error) {
    problem = error;
  }
  redraw();
}

function draw() {
  const w = words();
  const place = (/** @type {string} */ to, /** @type {string[]} */ [name, what]) => html`<li><a href=${to}><strong>${name}</strong> ${what}</a></li>`;
  render(html`<main>
    <h1><img src="/web/shared/icon.svg" alt="" width="40" height="40"> plic-chat</h1>
    <p class="lead">${w.lead}</p>
    ${problem ? failure(problem, read) : nothing}
    ${ways?.needs_code ? codeNotice({ hasToken: false }) : nothing}
    ${ways?.demo ? html`<div class="notice good" role="status"><strong>${w.isIn}</strong>
      <span class="row"><a class="button" href="/console?as=moderator">${w.asModerator}</a><a class="button" href="/playground?as=demo">${w.asUsers}</a></span></div>` : nothing}
    <ul aria-label=${w.places}>${place("/console", w.console)}${place("/playground", w.playground)}${place("/docs", w.docs)}
      ${place("/openapi.json", w.document)}${place("/readyz", w.ready)}${place("/metrics", w.metrics)}</ul>
    <p class="quiet">${w.socket} <code>/?token=${w.token}</code></p>
    <div><button class="link" lang=${language() === "fr" ? "en" : "fr"} @click=${() => speak(language() === "fr" ? "en" : "fr")}>${w.language}</button></div>
  </main>`, /** @type {HTMLElement} */ (document.getElementById("app")));
}

/** @type {HTMLElement} */ (document.getElementById("app")).replaceChildren();
onCode(read);
drawWith(draw);
void read();
