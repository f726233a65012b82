// Entries of the audit log as files.

/** @typedef {import("../../../types/api").components["schemas"]["AuditEntry"]} Entry */

const COLUMNS = /** @type {const} */ (["seq", "at", "actor", "action", "detail", "hash"]);

/** Without it, spreadsheets take UTF-8 for something older. */
const BYTE_ORDER_MARK = "\ufeff";

/** RFC 4180, an entry a row. @param {Entry[]} entries */
export function asCsv(entries) {
  const rows = entries.map((entry) => COLUMNS.map((name) => cell(name === "detail" ? JSON.stringify(entry.detail) : String(entry[name] ?? ""))));
  return BYTE_ORDER_MARK + [COLUMNS.join(","), ...rows.map((row) => row.join(","))].join("\r\n") + "\r\n";
}

/** A JSON object a line. @param {Entry[]} entries */
export const asLines = (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

/** Spreadsheets take a cell that begins like a formula for one: an apostrophe makes it text. @param {string} text */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
