// French and English: words by dictionary, numbers and moments by the browser.

import { now } from "./clock.js";
import { redraw } from "./redraw.js";

/** @typedef {"en" | "fr"} Language */

const KEPT = "plic.language";
const LANGUAGES = /** @type {const} */ (["en", "fr"]);

/** @type {Language} */
let current = kept() ?? (navigator.languages.find((tag) => /^(en|fr)\b/i.test(tag))?.toLowerCase().startsWith("fr") ? "fr" : "en");
document.documentElement.lang = current;

function kept() {
  const language = localStorage.getItem(KEPT);
  return LANGUAGES.find((known) => known === language);
}

/** The language that is spoken now. */
export function language() {
  return current;
}

/**
 * Speaks this language from now on, here and in the next visit.
 * @param {Language} language
 */
export function speak(language) {
  current = language;
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  redraw();
}

/**
 * The words of a view in both languages: `const words = dictionary(en, fr)`, then `words().title`. The French ones must
 * have the keys of the English ones: the type check says so.
 * @template T
 * @param {T} en
 * @param {NoInfer<T>} fr
 * @returns {() => T}
 */
export function dictionary(en, fr) {
  const spaced = inFrench(fr);
  return () => (current === "fr" ? spaced : en);
}

/**
 * The words with the spaces that French has inside and around its signs, which do not break: written plainly, they are
 * put in here, also into what functions make.
 * @template T
 * @param {T} words
 * @returns {T}
 */
function inFrench(words) {
  /** @type {any} */
  const any = words;
  if (typeof any === "string") return /** @type {any} */ (any.replace(/ (?=[;!?»])|(?<=«) /g, "\u202f").replace(/ (?=:)/g, "\u00a0"));
  if (typeof any === "function") return /** @type {any} */ ((/** @type {any[]} */ ...given) => inFrench(any(...given)));
  if (Array.isArray(any)) return /** @type {any} */ (any.map(inFrench));
  if (any && Object.getPrototypeOf(any) === Object.prototype) return /** @type {any} */ (Object.fromEntries(Object.entries(any).map(([key, value]) => [key, inFrench(value)])));
  return words;
}

/**
 * `{one, other}` by the language's rule for plurals, with the number before it.
 * @param {number} count
 * @param {string} one
 * @param {string} other
 */
export function plural(count, one, other) {
  return `${number(count)} ${new Intl.PluralRules(current).select(count) === "one" ? one : other}`;
}

/**
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export function number(value, options) {
  return new Intl.NumberFormat(current, options).format(value);
}

/**
 * A share from 0 to 1 as a percentage.
 * @param {number} share
 */
export function percent(share) {
  return number(share, { style: "percent", maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 });
}

/**
 * Day and time, as people on this machine write them.
 * @param {string} moment RFC 3339
 */
export function dateTime(moment) {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/**
 * @param {string} day `2026-01-31` or RFC 3339
 */
export function date(day) {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium" }).format(new Date(day));
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/**
 * "5 minutes ago", "in 2 hours".
 * @param {string} moment RFC 3339
 */
export function ago(moment) {
  const seconds = (Date.parse(moment) - now()) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(current, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
