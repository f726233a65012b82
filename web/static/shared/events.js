// What happens, as it happens: `GET /moderation/events` read with `fetch`, for `EventSource` can send no token.

import { ApiError, refuse, send } from "./api.js";
import { redraw } from "./redraw.js";

/** @typedef {(data: any) => void} Listener */

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** The server says something every 15 s: a connection silent for longer is dead. */
const SILENCE = 40_000;
/** A tab that nobody sees for so long gives its stream up: a browser has few connections for all its tabs. */
const UNSEEN = 60_000;

/** @type {Map<string, Set<Listener>>} */
const listeners = new Map();
/** @typedef {"off" | "connecting" | "live" | "away" | "full"} StreamState `full`: the server keeps no more streams for this user */

/** @type {StreamState} */
let state = "off";

/** Whether what happens is heard at this moment. */
export const streamState = () => state;

/**
 * Hears events of this name. `open` comes whenever the stream begins (again): what was read before may be out of date.
 * @param {string} name
 * @param {Listener} listener
 * @returns {() => void} hears no more
 */
export function on(name, listener) {
  const heard = listeners.get(name) ?? new Set();
  listeners.set(name, heard.add(listener));
  return () => void heard.delete(listener);
}

/** Listens until `signal` aborts, and again whenever the stream ends. @param {AbortSignal} signal */
export async function listen(signal) {
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    /** @type {StreamState} */
    let outcome = "away";
    const unseen = whileSeen();
    try {
      become("connecting");
      const response = await send("GET", "/moderation/events", { headers: { Accept: "text/event-stream" }, signal: AbortSignal.any([signal, unseen.signal]) });
      await refuse(response);
      become("live");
      wait = FIRST_WAIT;
      tell("open", {});
      await read(/** @type {ReadableStream<Uint8Array>} */ (response.body));
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof ApiError && error.status === 429) outcome = "full";
    }
    unseen.stop();
    if (unseen.signal.aborted) await seen();
    else {
      become(outcome);
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
  become("off");
}

/** A signal that aborts when nobody has seen the tab for a while. */
function whileSeen() {
  const controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") timer = setTimeout(() => controller.abort(), UNSEEN);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    },
  };
}

/** Resolves when somebody sees the tab. @returns {Promise<void>} */
async function seen() {
  while (document.visibilityState === "hidden") await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

/** @param {ReadableStream<Uint8Array>} body */
async function read(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const dead = setTimeout(() => void reader.cancel(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(dead));
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => line.split(/: ?(.*)/s));
      const name = fields.find(([field]) => field === "event")?.[1];
      const data = fields.filter(([field]) => field === "data").map(([, text]) => text).join("\n");
      if (name && data) tell(name, JSON.parse(data));
    }
  }
}

/**
 * @param {string} name
 * @param {unknown} data
 */
function tell(name, data) {
  for (const listener of [...(listeners.get(name) ?? [])]) listener(data);
  redraw();
}

/** @param {StreamState} now */
function become(now) {
  state = now;
  redraw();
}
