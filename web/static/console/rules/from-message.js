// Beginning a rule with a message that somebody saw. The text never stands in an address.

import { go } from "../../shared/router.js";
import { keep, keptDraft, isChanged } from "./drafts.js";
import { emptyForm } from "./model.js";

/**
 * Opens a new rule that has to match this text. A new rule that was begun before and not saved gets the text too, and loses nothing.
 * @param {string} text
 */
export function ruleFromMessage(text) {
  const line = text.replace(/\s+/g, " ").trim();
  const begun = keptDraft("new");
  const clean = JSON.stringify(emptyForm("terms"));
  const draft = begun && isChanged(begun) ? begun : { id: /** @type {const} */ ("new"), form: emptyForm("terms"), base: null, clean, text: "" };
  draft.form.must_match = draft.form.must_match ? `${draft.form.must_match}\n${line}` : line;
  draft.text = text;
  keep(draft);
  go("rules", "new");
}
