// Where one is: `#/rules/12?tab=versions`. Nothing secret ever stands there.

import { redraw } from "./redraw.js";

/** @typedef {{ view: string, parts: string[], query: URLSearchParams }} Route */

/** @returns {Route} */
export function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...parts] = path.split("/").map((part) => decode(part));
  return { view, parts: parts.filter(Boolean), query: new URLSearchParams(query) };
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * The address of a place: `href("rules", 12)`, `href("queue", { user_id })`.
 * @param {...(string | number | Record<string, string | number | null | undefined>)} steps the last one may be a query
 */
export function href(...steps) {
  const last = steps.at(-1);
  const query = typeof last === "object" ? Object.entries(last).filter(([, value]) => value !== null && value !== undefined && value !== "") : [];
  const path = steps.filter((step) => typeof step !== "object").map((step) => encodeURIComponent(step));
  const search = new URLSearchParams(query.map(([key, value]) => [key, String(value)]));
  return `#/${path.join("/")}${query.length ? `?${search}` : ""}`;
}

/** Goes there. @param {Parameters<typeof href>} steps */
export function go(...steps) {
  location.hash = href(...steps);
}

/** Goes there, and "back" does not lead here again. @param {Parameters<typeof href>} steps */
export function replace(...steps) {
  history.replaceState(null, "", href(...steps));
  changed();
}

/** @type {() => void} */
let changed = () => {};

/** Calls with where one is, now and whenever that changes. @param {(route: Route) => void} show */
export function follow(show) {
  changed = () => {
    show(route());
    redraw();
  };
  addEventListener("hashchange", changed);
  changed();
}
