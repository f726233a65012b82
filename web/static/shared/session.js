// Who is signed in. The token lives in this tab's session storage, never in an address or in the log.

import { now } from "./clock.js";
import { redraw } from "./redraw.js";

/**
 * @typedef {{ token: string, user: string, role: "user" | "moderator" | "admin", expires: number, source: "supabase" | "demo" | "token", name: string | null }} Session
 */

const KEPT = "plic.session";
/** A token is renewed so long before it ends. */
const AHEAD = 60_000;

/** @type {Session | null} */
let session = read();
/** Why the last one ended, while nobody has signed in again. @type {"expired" | "refused" | null} */
let ended = null;
/** A token that is on its way. @type {Promise<boolean> | null} */
let renewing = null;
/** Wait for somebody to sign in again. @type {((session: Session) => void)[]} */
let waiting = [];
/** Get another token where the way in can. @type {Partial<Record<Session["source"], (name: string) => Promise<string | null>>>} */
const renewals = {};

/** Whoever is signed in. */
export const who = () => session;
/** Why whoever was signed in is not any more. */
export const whyEnded = () => ended;

/**
 * Says how a way in gets another token.
 * @param {"supabase" | "demo"} source
 * @param {(name: string) => Promise<string | null>} renew
 */
export function renewWith(source, renew) {
  renewals[source] = renew;
}

/**
 * What a token says of its owner, or `null` where it is none.
 * @param {string} token
 * @returns {Pick<Session, "user" | "role" | "expires"> | null}
 */
export function claims(token) {
  try {
    const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))));
    if (typeof claims.sub !== "string" || typeof claims.exp !== "number") return null;
    const role = claims.app_metadata?.role;
    return { user: claims.sub, role: role === "admin" || role === "moderator" ? role : "user", expires: claims.exp * 1000 };
  } catch {
    return null;
  }
}

/**
 * Signs in with a token. Answers whether it is one.
 * @param {string} token
 * @param {Session["source"]} source
 * @param {string | null} [name]
 */
export function signIn(token, source, name = null) {
  const known = claims(token);
  if (!known) return false;
  const isSomebodyElse = session !== null && session.user !== known.user;
  session = { token, source, name, ...known };
  sessionStorage.setItem(KEPT, JSON.stringify(session));
  // What the one before asked for, and still has on the page, is not for whoever came instead.
  if (isSomebodyElse) {
    location.reload();
    return true;
  }
  ended = null;
  const waited = waiting;
  waiting = [];
  for (const go of waited) go(session);
  redraw();
  return true;
}

/** Signs out: what was typed is gone with the page. */
export function signOut() {
  sessionStorage.removeItem(KEPT);
  session = null;
  ended = null;
  redraw();
}

/** A token that holds: renewed where it is about to end and that can be done. @returns {Promise<string | null>} */
export async function freshToken() {
  if (session && !ended && session.expires - now() < AHEAD) await renew();
  return session?.token ?? null;
}

/**
 * The server has refused this token. Resolves when there is another one, by itself or because somebody signed in again.
 * @param {string} refused
 * @param {boolean} isSecond whether it was already another one: then no further one is got without a person
 */
export async function anotherToken(refused, isSecond) {
  if (session && session.token !== refused) return session.token;
  if (!isSecond && !ended && (await renew())) return /** @type {Session} */ (session).token;
  ended = session && session.expires <= now() ? "expired" : "refused";
  redraw();
  return new Promise((/** @type {(token: string) => void} */ resolve) => waiting.push(({ token }) => resolve(token)));
}

/** Gets another token, once for all who ask at the same time. @returns {Promise<boolean>} */
function renew() {
  renewing ??= another().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function another() {
  if (!session || session.source === "token") return false;
  const { source, name, token } = session;
  const next = await renewals[source]?.(name ?? "").catch(() => null);
  return Boolean(next && next !== token && signIn(next, source, name));
}

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    return kept && claims(kept.token) ? /** @type {Session} */ ({ ...kept, ...claims(kept.token) }) : null;
  } catch {
    return null;
  }
}
