// A text with the parts marked that rules match. Offsets are UTF-16 code units, as JavaScript counts.

import { html } from "./lit.js";

/**
 * @param {string} text
 * @param {readonly { start: number, end: number, rule?: string }[]} spans
 */
export function highlight(text, spans) {
  const sorted = spans.filter(({ start, end }) => end > start && start < text.length).toSorted((a, b) => a.start - b.start || b.end - a.end);
  /** @type {unknown[]} */
  const parts = [];
  let at = 0;
  for (const { start, end } of sorted) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    const names = [...new Set(spans.filter((span) => span.start < end && span.end > from).map(({ rule }) => rule ?? ""))].filter(Boolean);
    parts.push(text.slice(at, from), html`<mark title=${names.join(", ")}>${text.slice(from, end)}</mark>`);
    at = end;
  }
  parts.push(text.slice(at));
  return html`<span class="message-text">${parts}</span>`;
}
