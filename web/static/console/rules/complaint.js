// What the server has against a rule, in the words of the form.

import { dictionary } from "../../shared/language.js";
import { fieldName } from "./field-names.js";
import { emptyForm } from "./model.js";

/** @typedef {(...found: string[]) => string} Says */

const words = dictionary(
  {
    /** @type {Record<string, Says>} */
    says: {
      "is empty": () => "Nothing is there yet.",
      "is longer than (\\d+)": (most) => `Too long: ${most} at most.`,
      "has no letter, digit or symbol to look for": () => "No letter, digit or symbol to look for.",
      "is too short to be looked for within words": () => "Too short to be looked for within words.",
      "is not matched by the rule": () => "The rule does not catch this.",
      "is matched by the rule": () => "The rule catches this.",
      "is not from (\\d+) to (\\d+)": (least, most) => `From ${least} to ${most}.`,
      "is not known": () => "There is nothing of that name.",
      "is there twice": () => "It is there twice.",
      "is not a domain such as .*": () => "Not a domain such as example.com or *.example.com.",
      "matches nothing, or a text with nothing in it": () => "Finds nothing, or finds it in every text.",
    },
    line: (/** @type {number} */ number) => `line ${number}`,
  },
  {
    says: {
      "is empty": () => "Il n’y a encore rien.",
      "is longer than (\\d+)": (most) => `Trop long : ${most} au plus.`,
      "has no letter, digit or symbol to look for": () => "Aucune lettre, aucun chiffre ni symbole à chercher.",
      "is too short to be looked for within words": () => "Trop court pour être cherché à l’intérieur des mots.",
      "is not matched by the rule": () => "La règle ne l’attrape pas.",
      "is matched by the rule": () => "La règle l’attrape.",
      "is not from (\\d+) to (\\d+)": (least, most) => `De ${least} à ${most}.`,
      "is not known": () => "Rien ne porte ce nom.",
      "is there twice": () => "Présent deux fois.",
      "is not a domain such as .*": () => "Ce n’est pas un domaine comme example.com ou *.example.com.",
      "matches nothing, or a text with nothing in it": () => "Ne trouve rien, ou le trouve dans tous les textes.",
    },
    line: (number) => `ligne ${number}`,
  },
);

const SENTENCE = /^`([^`]*?)(?:\[(\d+)\])?` (.+?)(?: \(rule .*\))?\.?$/s;

/** The field of the form that a sentence of the server is about, by the path that it names. @param {string} sentence */
function fieldOf(sentence) {
  const path = SENTENCE.exec(sentence)?.[1].split(/[.[]/) ?? [];
  const fields = emptyForm("terms");
  return path.reverse().find((part) => part in fields) ?? null;
}

/** What is wrong with the field; the server's own words where it says what is not known here. @param {string} sentence */
function problemOf(sentence) {
  const [, , at, problem] = SENTENCE.exec(sentence) ?? [];
  if (problem === undefined) return sentence;
  const where = at === undefined ? "" : ` (${words().line(Number(at) + 1)})`;
  for (const [pattern, says] of Object.entries(words().says)) {
    const found = new RegExp(`^${pattern}$`).exec(problem);
    if (found) return says(...found.slice(1)) + where;
  }
  return problem + where;
}

/** What the server says of a field in which nothing is. @param {string} field */
export const emptiness = (field) => `\`${field}\` is empty`;

/** What is wrong, for the place of the field itself. @param {string} sentence @param {string} field */
export const complaintAbout = (sentence, field) => (fieldOf(sentence) === field ? problemOf(sentence) : null);

/** What is wrong with which field. @param {string} sentence */
export function complaint(sentence) {
  const field = fieldOf(sentence);
  return field ? `${fieldName(field)} – ${problemOf(sentence)}` : sentence;
}
