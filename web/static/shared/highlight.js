// A text with the parts marked that rules match. Offsets are UTF-16 code units, as JavaScript counts.

import { percent } from "./language.js";
import { html } from "./lit.js";

/** @typedef {{ start: number, end: number, rule?: string, weight?: number }} Span */

/** A word that weighed less than this is marked faintly. */
const HEAVY = 0.3;

/**
 * What to mark of matches: the words that the classifier reacted to, and what the other rules point at. A match of the whole text
 * without words of its own is marked where nothing else is.
 * @param {readonly { start: number, end: number, rule: string, kind: string, words: readonly { start: number, end: number, weight: number }[] }[]} matches
 * @returns {Span[]}
 */
export function spansOf(matches) {
  /** @type {Span[]} */
  const spans = [];
  for (const match of matches) {
    if (match.words.length) spans.push(...match.words.map((word) => ({ ...word, rule: match.rule })));
    else if (match.kind !== "classifier") spans.push(match);
  }
  return spans.length ? spans : [...matches];
}

/**
 * @param {string} text
 * @param {readonly Span[]} spans
 */
export function highlight(text, spans) {
  const sorted = spans.filter(({ start, end }) => end > start && start < text.length).toSorted((a, b) => a.start - b.start || b.end - a.end);
  /** @type {unknown[]} */
  const parts = [];
  let at = 0;
  for (const { start, end } of sorted) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    const here = spans.filter((span) => span.start < end && span.end > from);
    const names = [...new Set(here.map(named))].filter(Boolean);
    const isFaint = here.every(({ weight }) => weight !== undefined && weight < HEAVY);
    parts.push(text.slice(at, from), html`<mark class=${isFaint ? "faint" : ""} title=${names.join(", ")}>${text.slice(from, end)}</mark>`);
    at = end;
  }
  parts.push(text.slice(at));
  return html`<span class="message-text">${parts}</span>`;
}

/** @param {Span} span */
const named = ({ rule, weight }) => (rule && weight !== undefined ? `${rule} (${percent(weight)})` : (rule ?? ""));
