// How people sign in on this server. Where `plic-chat dev` serves, a code out of the terminal's link lets this browser in.

import { setClock } from "./clock.js";
import { ApiError } from "./errors.js";
import { dictionary } from "./language.js";
import { html } from "./lit.js";

/**
 * @typedef {{ name: string, role: string, token: string }} DemoUser
 * @typedef {{ supabase: { url: string, anon_key: string } | null, demo: DemoUser[] | null, needs_code: boolean }} WaysIn
 */

const ADDRESS = "/web/sign-in.json";
/** What a status says of a code. @type {Record<number, "spent" | "elsewhere" | undefined>} */
const REFUSALS = { 403: "elsewhere", 410: "spent" };

const words = dictionary(
  {
    title: "This server is one to try things on.",
    wanted: "To come in as a demo user, open the link that the terminal shows at “start here”. It lets one browser in.",
    spent: "The code of this link was used already, or is from an earlier start of the server. The terminal shows a new link: open that one in this browser.",
    elsewhere: "This page was opened at another address than the one in the terminal, where a code lets nobody in. The code still holds: open the link exactly as the terminal shows it.",
    other: "Or sign in with an access token.",
  },
  {
    title: "Ce serveur sert aux essais.",
    wanted: "Pour entrer en tant qu’utilisateur de démonstration, ouvrez le lien que le terminal affiche à « start here ». Il laisse entrer un seul navigateur.",
    spent: "Le code de ce lien a déjà servi, ou date d’un démarrage précédent du serveur. Le terminal affiche un nouveau lien : ouvrez-le dans ce navigateur.",
    elsewhere: "Cette page est ouverte à une autre adresse que celle du terminal : le code n’y donne pas accès. Il reste valable : ouvrez le lien tel que le terminal l’affiche.",
    other: "Ou connectez-vous avec un jeton d’accès.",
  },
);

let code = takeCode();
/** Why the last code let nobody in. @type {"spent" | "elsewhere" | null} */
let refusal = null;
/** One question for all who ask at the same time: a code holds once. @type {Promise<WaysIn> | null} */
let reading = null;

/** Takes the code out of the address, where it would stay in the history. @returns {string | null} */
function takeCode() {
  const given = new URLSearchParams(location.hash.slice(1)).get("code");
  if (given !== null) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** Calls when a link with a code is opened in this tab, which loads nothing again. @param {() => void} read */
export function onCode(read) {
  addEventListener("hashchange", (event) => {
    const given = takeCode();
    if (given === null) return;
    event.stopImmediatePropagation();
    code = given;
    read();
  });
}

/** Reads the ways in, and shows the code where one is asked for. @returns {Promise<WaysIn>} */
export function readWays() {
  reading ??= read().finally(() => {
    reading = null;
  });
  return reading;
}

/** @returns {Promise<WaysIn>} */
async function read() {
  const response = await ask({});
  const ways = await response.json();
  if (!ways.needs_code || code === null) return ways;
  const shown = await ask({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }) });
  code = null;
  refusal = REFUSALS[shown.status] ?? null;
  if (!shown.ok && refusal === null) throw new ApiError(shown.status, (await shown.json()).error_message);
  return shown.ok ? shown.json() : ways;
}

/** @param {RequestInit} options */
async function ask(options) {
  const response = await fetch(ADDRESS, { cache: "no-store", ...options }).catch((error) => {
    throw new ApiError(0, String(error));
  });
  setClock(response);
  if (response.status >= 500) throw new ApiError(response.status, "");
  return response;
}

/** What is said where a code is missing or refused. @param {{ hasToken?: boolean }} [options] whether one can sign in with a token beside it */
export function codeNotice({ hasToken = true } = {}) {
  const w = words();
  return html`<div class="notice ${refusal ? "warn" : ""}" role="status"><div class="stack"><strong>${w.title}</strong>
    <p>${w[refusal ?? "wanted"]}${hasToken ? html` ${w.other}` : ""}</p></div></div>`;
}

