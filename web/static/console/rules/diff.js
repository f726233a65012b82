// What is different between two versions of a rule, field by field, in words.

import { dictionary } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { called } from "../words.js";
import { fieldName } from "./field-names.js";

const words = dictionary(
  {
    none: "nothing", was: "was:", is: "is:", added: "Added:", removed: "Removed:", same: "They say the same.", yes: "yes", no: "no",
    more: (/** @type {number} */ n) => `and ${n} more`,
  },
  {
    none: "rien", was: "avant :", is: "après :", added: "Ajouté :", removed: "Retiré :", same: "Elles disent la même chose.", yes: "oui", no: "non",
    more: (n) => `et ${n} de plus`,
  },
);

const IGNORED = new Set(["id", "version", "updated_by", "updated_at"]);
const MOST = 200;

/** @typedef {{ field: string, was?: string, is?: string, added?: string[], removed?: string[] }} Change */

/** Objects in one, with their keys joined, concepts of the rule's own as lists. @param {Record<string, any>} rule */
function flat(rule) {
  /** @type {Record<string, unknown>} */
  const fields = {};
  for (const [key, value] of Object.entries(rule)) {
    if (IGNORED.has(key)) continue;
    if (key === "concepts" || key === "limit") {
      for (const [inner, part] of Object.entries(value ?? {})) {
        if (inner === "define") for (const [name, phrases] of Object.entries(part ?? {})) fields[`define ${name}`] = phrases;
        else fields[inner] = part;
      }
    } else fields[key] = value;
  }
  return fields;
}

/**
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 * @returns {Change[]}
 */
export function changes(before, after) {
  const [a, b] = [flat(before), flat(after)];
  /** @type {Change[]} */
  const found = [];
  for (const field of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [was, is] = [a[field] ?? null, b[field] ?? null];
    if (Array.isArray(was) || Array.isArray(is)) {
      const [old, now] = [(/** @type {any[]} */ (was ?? [])).map(String), (/** @type {any[]} */ (is ?? [])).map(String)];
      const [olds, nows] = [new Set(old), new Set(now)];
      const added = now.filter((item) => !olds.has(item));
      const removed = old.filter((item) => !nows.has(item));
      if (added.length || removed.length) found.push({ field, added, removed });
    } else if ((was ?? "") !== (is ?? "")) found.push({ field, was: shown(field, was), is: shown(field, is) });
  }
  return found;
}

/** @param {string} field @param {unknown} value */
function shown(field, value) {
  if (value === null || value === "") return "";
  if (typeof value === "boolean") return value ? words().yes : words().no;
  if (field === "action") return called("does", String(value));
  return field === "kind" || field === "category" || field === "state" ? called(field, String(value)) : String(value);
}

/**
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 */
export function difference(before, after) {
  const w = words();
  const found = changes(before, after);
  if (!found.length) return html`<p class="quiet">${w.same}</p>`;
  /** @param {string[] | undefined} items @param {"added" | "removed"} tone */
  const list = (items, tone) => items?.length ? html`
    ${items.slice(0, MOST).map((item) => html`<li class=${tone}><span aria-hidden="true">${tone === "added" ? "+" : "−"}</span> <span class="visually-hidden">${w[tone]}</span><span class="message-text">${item}</span></li>`)}
    ${items.length > MOST ? html`<li class="quiet">${w.more(items.length - MOST)}</li>` : nothing}` : nothing;
  return html`<dl class="rule-diff">${found.map(({ field, was, is, added, removed }) => html`<div>
    <dt>${fieldName(field)}</dt>
    <dd>${added || removed
      ? html`<ul>${list(removed, "removed")}${list(added, "added")}</ul>`
      : html`<ul><li class="removed"><span aria-hidden="true">−</span> <span class="visually-hidden">${w.was}</span><span class="message-text">${was || html`<i>${w.none}</i>`}</span></li>
        <li class="added"><span aria-hidden="true">+</span> <span class="visually-hidden">${w.is}</span><span class="message-text">${is || html`<i>${w.none}</i>`}</span></li></ul>`}</dd>
  </div>`)}</dl>`;
}
