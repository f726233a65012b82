// What the words of the specification are called, and how serious they look.

import { dictionary } from "../shared/language.js";
import { html } from "../shared/lit.js";

const en = {
  // What happened to a message; `does` is what a rule asks for.
  action: { pass: "Passes", allow: "Allowed", flag: "Delivered, flagged", mask: "Masked", hold: "Held", reject: "Refused", block: "Blocked", report: "Reported" },
  category: { hate: "Hate", threat: "Threat", harassment: "Harassment", sexual: "Sexual", self_harm: "Self-harm", scam: "Scam", misinformation: "Misinformation", spam: "Spam", contact: "Contact details", other: "Other" },
  status: { open: "Open", upheld: "Upheld", dismissed: "Dismissed", released: "Released", removed: "Removed" },
  kind: { terms: "Words and phrases", pattern: "Pattern", concepts: "Several things together", links: "Links", contact: "Contact details", classifier: "Classifier", repetition: "Repetition" },
  does: { pass: "Passes", allow: "Allow", flag: "Flag", mask: "Mask", hold: "Hold", reject: "Reject", block: "Block" },
  state: { draft: "Draft", shadow: "Shadow", live: "Live", retired: "Retired" },
  lowered: { quoted: "milder: quoted", negated: "milder: denied", countered: "milder: condemned or reported", near: "milder: only nearly the word", opinion: "by a second opinion" },
};
/** @type {() => Record<string, Record<string, string>>} */
const words = dictionary(en, {
  action: { pass: "Passe", allow: "Autorisé", flag: "Remis, signalé", mask: "Masqué", hold: "Retenu", reject: "Refusé", block: "Bloqué", report: "Signalé par quelqu’un" },
  category: { hate: "Haine", threat: "Menace", harassment: "Harcèlement", sexual: "Sexuel", self_harm: "Risque suicidaire", scam: "Arnaque", misinformation: "Désinformation", spam: "Spam", contact: "Coordonnées", other: "Autre" },
  status: { open: "À traiter", upheld: "Confirmé", dismissed: "Écarté", released: "Libéré", removed: "Supprimé" },
  kind: { terms: "Mots et expressions", pattern: "Motif", concepts: "Plusieurs indices réunis", links: "Liens", contact: "Coordonnées", classifier: "Classifieur", repetition: "Répétition" },
  does: { pass: "Passe", allow: "Autoriser", flag: "Signaler", mask: "Masquer", hold: "Retenir", reject: "Refuser", block: "Bloquer" },
  state: { draft: "Brouillon", shadow: "À l’essai", live: "En vigueur", retired: "Retirée" },
  lowered: { quoted: "adouci : cité", negated: "adouci : nié", countered: "adouci : condamné ou rapporté", near: "adouci : presque le mot", opinion: "selon un second avis" },
});

/** @type {Record<string, string>} */
const TONES = {
  block: "bad", reject: "bad", hold: "warn", mask: "warn", flag: "accent", report: "accent", allow: "good", pass: "good",
  shadow: "warn", live: "good", open: "warn", upheld: "bad", removed: "bad", dismissed: "good", released: "good",
};

/**
 * What a value is called; a value that is newer than this page is called what it is.
 * @param {keyof typeof en} of
 * @param {string} value
 */
export const called = (of, value) => words()[of][value] ?? value;

/** Values with their words, for a `<select>`. @param {keyof typeof en} of */
export const choices = (of) => Object.entries(words()[of]);

/**
 * @param {keyof typeof en} of
 * @param {string} value
 */
export const badge = (of, value) => html`<span class="badge ${TONES[value] ?? ""}">${called(of, value)}</span>`;

/** The beginning of an id: enough to tell people apart. @param {string} id */
export const short = (id) => id.slice(0, 8);

/** What stands in the place of a text that was taken away. */
const REMOVED = "[removed]";

/** Whether a text was taken away. @param {string} text */
export const isRemoved = (text) => text === "" || text === REMOVED;
