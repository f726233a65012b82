// All rules out as one document, and in again.

import { ApiError, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { download } from "../../shared/download.js";
import { explain } from "../../shared/failure.js";
import { dictionary, number } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { say } from "../../shared/toast.js";
import { changes } from "./diff.js";

/** @typedef {import("./model.js").Rule} Rule */
/** @typedef {{ rules: Rule[] }} Document as the server writes it */
/** @typedef {{ created: string[], updated: string[], deleted: string[] }} Outcome names of rules */

const words = dictionary(
  {
    title: "Import rules", file: "Document of rules (JSON)", dry: "Show what would happen", confirm: "Import", cancel: "Cancel",
    hint: "All or nothing: rules that are not in the document are deleted. First only what would happen is shown.",
    created: "New", updated: "Changed", deleted: "Deleted", same: "Nothing would change.", more: (/** @type {number} */ n) => `and ${number(n)} more`,
    done: "The rules are imported.", json: "This file is not JSON.", list: "This file holds no list of rules.", large: "This file is larger than 16 MiB.",
    none: "Choose a file.",
    reason: "Reason to override (only where a rule matches ordinary chat)",
  },
  {
    title: "Importer des règles", file: "Document de règles (JSON)", dry: "Voir ce qui se passerait", confirm: "Importer", cancel: "Abandonner",
    hint: "Tout ou rien : les règles absentes du document sont supprimées. On montre d’abord ce qui se passerait.",
    created: "Nouvelles", updated: "Modifiées", deleted: "Supprimées", same: "Rien ne changerait.", more: (n) => `et ${number(n)} de plus`,
    done: "Les règles sont importées.", json: "Ce fichier n’est pas du JSON.", list: "Ce fichier ne contient pas de liste de règles.",
    large: "Ce fichier dépasse 16 Mio.", none: "Choisissez un fichier.",
    reason: "Raison de passer outre (seulement si une règle touche les messages ordinaires)",
  },
);

/** What the server takes. */
const MOST_BYTES = 16 * 1_024 * 1_024;
const NAMED = 12;

/** Hands them over as a file. */
export async function exportRules() {
  try {
    const data = await request("GET", "/moderation/rules/export");
    download(JSON.stringify(data, null, 2), `rules-${new Date().toISOString().slice(0, 10)}.json`, "application/json");
  } catch (error) {
    const { summary, detail } = explain(error);
    say(`${summary} ${detail ?? ""}`, { tone: "bad" });
  }
}

/** Asks for a document, shows what it would do, does it. */
export async function importRules() {
  const w = words();
  /** @type {Document} */
  let body = { rules: [] };
  let override = "";
  /** @type {Outcome | null} */
  let outcome = null;
  const isTried = await ask({
    title: w.title, confirm: w.dry, cancel: w.cancel,
    body: () => html`<p>${w.hint}</p><label>${w.file}<input name="file" type="file" accept="application/json,.json" required></label>
      <label>${w.reason}<input name="reason" autocomplete="off"></label>`,
    submit: async (form) => {
      override = String(form.get("reason") ?? "").trim();
      body = await documentOf(form.get("file"));
      const [known] = await Promise.all([
        request("GET", "/moderation/rules/export"),
        request("POST", "/moderation/rules/import", { query: { dry_run: true, override_reason: override }, body }),
      ]);
      outcome = compare(known.rules, body.rules);
    },
  });
  const seen = /** @type {Outcome | null} */ (outcome);
  if (!isTried || !seen) return;
  const isDone = await ask({
    title: w.title, confirm: w.confirm, cancel: w.cancel, danger: seen.deleted.length > 0, body: () => named(seen),
    submit: () => request("POST", "/moderation/rules/import", { query: { override_reason: override }, body }),
  });
  if (isDone) say(w.done);
  redraw();
}

/** @param {FormDataEntryValue | null} file @returns {Promise<Document>} */
async function documentOf(file) {
  const w = words();
  if (!(file instanceof File) || !file.size) throw new ApiError(422, w.none);
  if (file.size > MOST_BYTES) throw new ApiError(413, w.large);
  /** @type {any} */
  let read;
  try {
    read = JSON.parse(await file.text());
  } catch {
    throw new ApiError(422, w.json);
  }
  const document = read?.data ?? read;
  if (!Array.isArray(document?.rules)) throw new ApiError(422, w.list);
  return document;
}

/** What importing these would do. @param {Rule[]} known @param {Rule[]} rules @returns {Outcome} */
function compare(known, rules) {
  const before = new Map(known.map((rule) => [rule.id, rule]));
  const kept = new Set(rules.map(({ id }) => id));
  const was = (/** @type {Rule} */ rule) => before.get(rule.id);
  return {
    created: rules.filter((rule) => !was(rule)).map(({ name }) => name),
    updated: rules.filter((rule) => was(rule) && changes(/** @type {Rule} */ (was(rule)), rule).length).map(({ name }) => name),
    deleted: known.filter(({ id }) => !kept.has(id)).map(({ name }) => name),
  };
}

/** @param {Outcome} outcome */
function named(outcome) {
  const w = words();
  const lists = (/** @type {const} */ (["created", "updated", "deleted"])).filter((key) => outcome[key].length);
  if (!lists.length) return html`<p>${w.same}</p>`;
  return lists.map((key) => html`<h3>${w[key]} (${number(outcome[key].length)})</h3>
    <ul>${outcome[key].slice(0, NAMED).map((name) => html`<li>${name}</li>`)}${outcome[key].length > NAMED ? html`<li>${w.more(outcome[key].length - NAMED)}</li>` : nothing}</ul>`);
}
