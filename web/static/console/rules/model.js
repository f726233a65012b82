// A rule as a form holds it, every field as it was typed, and the rule that the server takes for it.

/** @typedef {import("../../../types/api").components["schemas"]["Rule"]} Rule */
/** @typedef {"terms" | "pattern" | "concepts" | "links" | "contact" | "classifier" | "repetition"} Kind */
/** @typedef {{ name: string, phrases: string }} OwnConcept */
/**
 * @typedef {object} Form lists are texts with one item a line
 * @property {Kind} kind
 * @property {string} name
 * @property {string} category
 * @property {string} action
 * @property {string} state
 * @property {string} languages
 * @property {string} rooms
 * @property {"own" | "lexicon"} source
 * @property {string} terms
 * @property {string} match
 * @property {string} lexicon
 * @property {string} pattern
 * @property {string} view
 * @property {string} at_least
 * @property {string[]} of
 * @property {string} within_words
 * @property {OwnConcept[]} define
 * @property {string} domains
 * @property {string} allow_domains
 * @property {boolean} shorteners
 * @property {string} head
 * @property {string} threshold
 * @property {string} same_text
 * @property {string} similar_in_rooms
 * @property {string} first_contacts
 * @property {string} with_concepts
 * @property {string} window_seconds
 * @property {string} unless
 * @property {string} must_match
 * @property {string} must_not_match
 * @property {string} note
 */

export const KINDS = /** @type {const} */ (["terms", "pattern", "concepts", "links", "contact", "classifier", "repetition"]);
export const CATEGORIES = ["hate", "threat", "harassment", "sexual", "self_harm", "scam", "misinformation", "spam", "contact", "other"];
export const ACTIONS = ["block", "reject", "hold", "mask", "flag", "allow"];
export const STATES = ["draft", "shadow", "live", "retired"];
export const LEXICONS = ["hate-en", "hate-fr", "threat-en", "threat-fr", "sexual-en", "sexual-fr"];
export const VIEWS = ["folded", "skeleton", "original"];
export const HEADS = ["hate", "threat", "scam", "harassment", "sexual", "self_harm"];
export const CONCEPTS = [
  "untraceable_payment", "deposit", "advance_payment", "owner_abroad", "keys_by_post", "off_platform", "code_request", "id_request", "urgency",
  "lookalike_link", "fake_support", "overpayment",
];

/** @type {Record<Kind, { category: string, action: string }>} What a new rule of a kind begins with. */
const USUAL = {
  terms: { category: "scam", action: "hold" },
  pattern: { category: "scam", action: "hold" },
  concepts: { category: "scam", action: "hold" },
  links: { category: "spam", action: "flag" },
  contact: { category: "contact", action: "mask" },
  classifier: { category: "hate", action: "hold" },
  repetition: { category: "spam", action: "reject" },
};

/** @param {Kind} kind @returns {Form} */
export function emptyForm(kind) {
  return {
    kind, name: "", ...USUAL[kind], state: "draft", languages: "", rooms: "",
    source: "own", terms: "", match: "word", lexicon: "hate-en", pattern: "", view: "folded",
    at_least: "2", of: [], within_words: "30", define: [], domains: "", allow_domains: "", shorteners: false,
    head: "hate", threshold: "0.9", same_text: "3", similar_in_rooms: "", first_contacts: "", with_concepts: "", window_seconds: "60", unless: "", must_match: "", must_not_match: "", note: "",
  };
}

/** @param {Rule} rule @returns {Form} */
export function formOf(rule) {
  const form = emptyForm(rule.kind);
  const lines = (/** @type {readonly string[] | undefined | null} */ list) => (list ?? []).join("\n");
  Object.assign(form, {
    name: rule.name, category: rule.category, action: rule.action, state: rule.state, note: rule.note ?? "",
    languages: (rule.languages ?? []).join(", "), rooms: (rule.rooms ?? []).join(", "),
    unless: lines(rule.unless), must_match: lines(rule.must_match), must_not_match: lines(rule.must_not_match),
  });
  const any = /** @type {any} */ (rule);
  if (rule.kind === "terms") Object.assign(form, { source: any.lexicon ? "lexicon" : "own", lexicon: any.lexicon ?? form.lexicon, terms: lines(any.terms), match: any.match ?? "word" });
  if (rule.kind === "pattern") Object.assign(form, { pattern: any.pattern, view: any.view ?? "folded" });
  if (rule.kind === "concepts") {
    const { at_least, of, within_words, define } = any.concepts;
    Object.assign(form, {
      at_least: String(at_least), of: [...of], within_words: within_words ? String(within_words) : "",
      define: Object.entries(define ?? {}).map(([name, phrases]) => ({ name, phrases: lines(/** @type {string[]} */ (phrases)) })),
    });
  }
  if (rule.kind === "links") Object.assign(form, { domains: lines(any.domains), allow_domains: lines(any.allow_domains), shorteners: Boolean(any.shorteners) });
  if (rule.kind === "classifier") Object.assign(form, { head: any.head, threshold: String(any.threshold) });
  if (rule.kind === "repetition") {
    const { same_text, similar_in_rooms, first_contacts, with_concepts, window_seconds } = any.limit;
    const typed = (/** @type {number | null | undefined} */ number) => String(number ?? "");
    Object.assign(form, {
      same_text: typed(same_text), similar_in_rooms: typed(similar_in_rooms), first_contacts: typed(first_contacts),
      with_concepts: lines(with_concepts), window_seconds: typed(window_seconds),
    });
  }
  return form;
}

/** The items of a text with one a line. @param {string} text */
export const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** The items of a text with commas or spaces between. @param {string} text */
const parts = (text) => text.split(/[\s,;]+/).filter(Boolean);

/** A number as people write it, or what was typed: the server says then what is wrong with it. @param {string} text */
function numeric(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && Number.isFinite(value) ? value : text.trim() || null;
}

/**
 * The rule as it is sent.
 * @param {Form} form
 * @param {number | null} id in whose place it is tried
 * @returns {Record<string, unknown>}
 */
export function draftOf(form, id = null) {
  const rooms = parts(form.rooms).map(numeric);
  return {
    ...(id ? { id } : {}),
    name: form.name.trim(), kind: form.kind, category: form.category, action: form.action, state: form.state,
    languages: parts(form.languages).length ? parts(form.languages) : null, rooms: rooms.length ? rooms : null,
    ...matcherOf(form),
    unless: lines(form.unless), must_match: lines(form.must_match), must_not_match: lines(form.must_not_match), note: form.note.trim(),
  };
}

/** @param {Form} form */
function matcherOf(form) {
  if (form.kind === "terms") return form.source === "lexicon" ? { lexicon: form.lexicon } : { terms: lines(form.terms), match: form.match };
  if (form.kind === "pattern") return { pattern: form.pattern, view: form.view };
  if (form.kind === "concepts") {
    const define = form.define.filter(({ name }) => name.trim());
    const own = define.map(({ name }) => name.trim());
    return {
      concepts: {
        at_least: numeric(form.at_least), of: [...new Set([...form.of, ...own])], within_words: numeric(form.within_words),
        ...(define.length ? { define: Object.fromEntries(define.map(({ name, phrases }) => [name.trim(), lines(phrases)])) } : {}),
      },
    };
  }
  if (form.kind === "links") return { domains: lines(form.domains), allow_domains: lines(form.allow_domains), shorteners: form.shorteners };
  if (form.kind === "classifier") return { head: form.head, threshold: numeric(form.threshold) };
  if (form.kind === "repetition") {
    const counts = Object.entries({ same_text: form.same_text, similar_in_rooms: form.similar_in_rooms, first_contacts: form.first_contacts });
    const given = counts.filter(([, text]) => text.trim()).map(([name, text]) => [name, numeric(text)]);
    const concepts = lines(form.with_concepts);
    return {
      limit: { ...Object.fromEntries(given), window_seconds: numeric(form.window_seconds), ...(concepts.length ? { with_concepts: concepts } : {}) },
    };
  }
  return {};
}

/** The fields without which the server takes no rule, and in which nothing is. @param {Form} form @returns {(keyof Form)[]} */
export function missing(form) {
  const isEmpty = (/** @type {keyof Form} */ name) => !String(form[name]).trim();
  const countsNothing = isEmpty("same_text") && isEmpty("similar_in_rooms") && isEmpty("first_contacts");
  /** @type {Partial<Record<Kind, (keyof Form)[]>>} */
  const needed = {
    terms: form.source === "own" ? ["terms"] : [], pattern: ["pattern"], classifier: ["threshold"], repetition: countsNothing ? ["same_text", "window_seconds"] : ["window_seconds"],
    concepts: form.define.some(({ name }) => name.trim()) ? ["at_least"] : ["at_least", "of"],
    links: form.shorteners || !isEmpty("allow_domains") ? [] : ["domains"],
  };
  return [/** @type {keyof Form} */ ("name"), ...(needed[form.kind] ?? [])].filter(isEmpty);
}

/** What of a rule decides whether it matches a text; its own tests and its words are left out. @param {Form} form @param {number | null} id @returns {Record<string, unknown>} */
export function tried(form, id) {
  return { ...draftOf(form, id), name: form.name.trim() || "?", state: "live", rooms: null, must_match: [], must_not_match: [], note: "" };
}
