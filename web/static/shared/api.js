// The REST routes as the specification has them: the envelope taken off, what fails thrown as an `ApiError`.

import { setClock } from "./clock.js";
import { ApiError } from "./errors.js";
import { anotherToken, freshToken, who } from "./session.js";

export { ApiError };

/** A server that says nothing for so long is away. */
const PATIENCE = 30_000;

/**
 * @typedef {{ query?: Record<string, string | number | boolean | null | undefined>, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} Options
 */

/**
 * Asks and answers with the response, whatever its status. A token that ran out is renewed, or asked for: the request
 * waits for that and is sent again.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 */
export async function send(method, path, { query = {}, body, headers = {}, signal } = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const address = path + (pairs.length ? `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}` : "");
  let token = await freshToken();
  for (let isSecond = false; ; isSecond = true) {
    const silence = new AbortController();
    const silent = setTimeout(() => silence.abort(), PATIENCE);
    /** @type {Response} */
    let response;
    try {
      response = await fetch(address, {
        method,
        signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
        cache: "no-store",
        headers: {
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, String(error));
    } finally {
      clearTimeout(silent);
    }
    setClock(response);
    if (response.status !== 401 || !token) return response;
    token = await anotherToken(token, isSecond);
  }
}

/**
 * Asks; answers with the envelope's `data`, or the whole body where there is no envelope.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function request(method, path, options) {
  return (await exchange(method, path, options)).data;
}

/**
 * A page of a list: its items and where the next one begins, `null` at the end.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<{ items: any[], next: string | null }>} `next` is the path and query of the next page
 */
export async function page(path, options) {
  const { data, response } = await exchange("GET", path, options);
  const next = response.headers.get("Link")?.match(/<([^>]*)>\s*;\s*rel="?(?:next|prev)"?/)?.[1] ?? null;
  return { items: data, next: next && new URL(next, location.origin).pathname + new URL(next, location.origin).search };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 */
async function exchange(method, path, options) {
  const response = await send(method, path, options);
  await refuse(response);
  const json = await response.json().catch(() => null);
  return { data: json && typeof json === "object" && "error_message" in json ? json.data : json, response };
}

/**
 * Throws the `ApiError` of a response that says no.
 * @param {Response} response
 */
export async function refuse(response) {
  if (response.ok) return;
  const json = await response.json().catch(() => null);
  const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  throw new ApiError(response.status, json?.error_message ?? `${response.status}`, Number.isNaN(retryAfter) ? null : retryAfter);
}

/**
 * Sends while the page goes away, when nothing can be waited for: with the token at hand, and the answer is read by nobody.
 * @param {string} path
 * @param {unknown} body
 */
export function sendLast(path, body) {
  const headers = { Authorization: `Bearer ${who()?.token ?? ""}`, "Content-Type": "application/json" };
  fetch(path, { method: "POST", keepalive: true, headers, body: JSON.stringify(body) }).catch(() => {});
}
