// The form of a rule: what it looks for, as its kind has it, and what is the same for all kinds.

import { dictionary } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { called } from "../words.js";
import { fieldHint, fieldName } from "./field-names.js";
import { choice, linesField, radios, textField } from "./fields.js";
import { ACTIONS, CATEGORIES, CONCEPTS, HEADS, KINDS, LEXICONS, VIEWS } from "./model.js";

/** @typedef {import("./fields.js").Context} Context */

/** @type {Record<"kinds" | "actions" | "concepts" | "views" | "matches" | "sources" | "lexicons" | "heads", Record<string, [string, string]>> & Record<"what" | "about" | "limits" | "addOwn" | "removeOwn" | "ownName" | "ownPhrases" | "exceptions" | "contact", string>} */
const en = {
  kinds: {
    terms: ["Words and phrases", "finds what you list, also when it is disguised. The place to start."],
    pattern: ["Pattern", "finds shapes of text, such as “WhatsApp” followed by six digits. For who knows regular expressions."],
    concepts: ["Several things together", "finds messages in which several signs meet, such as a deposit and an untraceable payment."],
    links: ["Links", "finds links to some sites, look-alikes of your own site, and shortened links."],
    contact: ["Contact details", "finds e-mail addresses, telephone numbers and names on messengers. Nothing to set."],
    classifier: ["Classifier", "finds what resembles known examples, by a score."],
    repetition: ["Repetition", "finds somebody who sends the same text again and again, or to many people."],
  },
  actions: {
    block: ["Block", "refused, the sender is disconnected and gets a strike."],
    reject: ["Reject", "refused; the sender stays connected."],
    hold: ["Hold", "kept back until a moderator decides."],
    mask: ["Mask", "delivered, with * for what was found."],
    flag: ["Flag", "delivered, and shown to moderators."],
    allow: ["Allow", "an exception: lifts what other rules find inside of what this one finds."],
  },
  concepts: {
    untraceable_payment: ["Untraceable payment", "cash by post, vouchers, Western Union"], deposit: ["Deposit", "a deposit or booking fee"],
    advance_payment: ["Payment in advance", "money first"],
    owner_abroad: ["Owner far away", "abroad, cannot show the flat"], keys_by_post: ["Keys by post", "keys are sent"],
    off_platform: ["Away from the site", "write me elsewhere"],
    code_request: ["Asks for a code", "the code you received"], id_request: ["Asks for papers", "passport, identity card"],
    urgency: ["Hurry", "now, today, others wait"],
    lookalike_link: ["Link that looks like", "an address that imitates"], fake_support: ["False support", "claims to be official"],
    overpayment: ["Paid too much", "send the rest back"],
  },
  views: { folded: ["In lower case (usual)", ""], skeleton: ["In lower case, without accents, look-alike letters made plain", ""], original: ["Exactly as written", ""] },
  matches: { word: ["Whole words", ""], substring: ["Also inside of words", ""] },
  sources: { own: ["My own list", ""], lexicon: ["A list that comes with the program", ""] },
  lexicons: { "hate-en": ["Hate, English", ""], "hate-fr": ["Hate, French", ""], "threat-en": ["Threats, English", ""], "threat-fr": ["Threats, French", ""], "sexual-en": ["Sexual, English", ""], "sexual-fr": ["Sexual, French", ""] },
  heads: { hate: ["Hate", ""], threat: ["Threats", ""], scam: ["Scams", ""], harassment: ["Harassment", ""], sexual: ["Sexual advances", ""], self_harm: ["Signs of self-harm", ""] },
  what: "What it looks for", about: "The rule", limits: "Where it applies", addOwn: "Add one", removeOwn: "Remove", ownName: "Name", ownPhrases: "Phrases",
  exceptions: "Exceptions and examples",
  contact: "It finds e-mail addresses, telephone numbers and names on messengers; there is nothing to set. People who swap homes exchange them honestly: mask is milder than hold.",
};
const words = dictionary(en, {
  kinds: {
    terms: ["Mots et expressions", "trouve ce que vous listez, même déguisé. Commencez par là."],
    pattern: ["Motif", "trouve des formes de texte, comme « WhatsApp » suivi de six chiffres. Pour qui connaît les expressions rationnelles."],
    concepts: ["Plusieurs indices réunis", "trouve les messages où plusieurs signes se rencontrent, comme une caution et un paiement intraçable."],
    links: ["Liens", "trouve les liens vers certains sites, les imitations du vôtre et les liens raccourcis."],
    contact: ["Coordonnées", "trouve adresses e-mail, numéros de téléphone et noms de messagerie. Rien à régler."],
    classifier: ["Classifieur", "trouve ce qui ressemble à des exemples connus, d’après un score."],
    repetition: ["Répétition", "trouve qui envoie encore et encore le même texte, ou l’envoie à beaucoup de monde."],
  },
  actions: {
    block: ["Bloquer", "refusé ; l’auteur est déconnecté et reçoit un avertissement."],
    reject: ["Refuser", "refusé ; l’auteur reste connecté."],
    hold: ["Retenir", "gardé jusqu’à la décision d’un modérateur."],
    mask: ["Masquer", "transmis, avec * à la place de ce qui est trouvé."],
    flag: ["Signaler", "transmis, et montré aux modérateurs."],
    allow: ["Autoriser", "une exception : lève ce que d’autres règles trouvent à l’intérieur de ce que celle-ci trouve."],
  },
  concepts: {
    untraceable_payment: ["Paiement intraçable", "espèces par la poste, coupons, Western Union"], deposit: ["Caution", "une caution ou des arrhes"],
    advance_payment: ["Paiement d’avance", "l’argent d’abord"],
    owner_abroad: ["Propriétaire au loin", "à l’étranger, ne peut faire visiter"], keys_by_post: ["Clés par la poste", "les clés sont envoyées"],
    off_platform: ["Hors du site", "écrivez-moi ailleurs"],
    code_request: ["Demande un code", "le code que vous avez reçu"], id_request: ["Demande des papiers", "passeport, carte d’identité"],
    urgency: ["Urgence", "tout de suite, d’autres attendent"],
    lookalike_link: ["Lien trompeur", "une adresse qui imite"], fake_support: ["Faux support", "se dit officiel"],
    overpayment: ["Trop-perçu", "renvoyez la différence"],
  },
  views: { folded: ["En minuscules (habituel)", ""], skeleton: ["En minuscules, sans accents, lettres ressemblantes ramenées aux vraies", ""], original: ["Exactement comme il est écrit", ""] },
  matches: { word: ["Mots entiers", ""], substring: ["Aussi à l’intérieur des mots", ""] },
  sources: { own: ["Ma propre liste", ""], lexicon: ["Une liste fournie avec le programme", ""] },
  lexicons: { "hate-en": ["Haine, anglais", ""], "hate-fr": ["Haine, français", ""], "threat-en": ["Menaces, anglais", ""], "threat-fr": ["Menaces, français", ""], "sexual-en": ["Sexuel, anglais", ""], "sexual-fr": ["Sexuel, français", ""] },
  heads: { hate: ["Haine", ""], threat: ["Menaces", ""], scam: ["Arnaques", ""], harassment: ["Harcèlement", ""], sexual: ["Avances sexuelles", ""], self_harm: ["Signes d’automutilation ou de suicide", ""] },
  what: "Ce qu’elle cherche", about: "La règle", limits: "Où elle s’applique", addOwn: "En ajouter un", removeOwn: "Retirer", ownName: "Nom",
  ownPhrases: "Expressions", exceptions: "Exceptions et exemples",
  contact: "Elle trouve adresses e-mail, numéros de téléphone et noms de messagerie ; il n’y a rien à régler. Ceux qui échangent leurs logements s’en donnent honnêtement : masquer est plus doux que retenir.",
});

/**
 * @param {Context} context
 * @param {(field: "must_match" | "must_not_match") => unknown} results how each example fares
 */
export function ruleForm(context, results) {
  const w = words();
  return html`<div class="stack rule-form">
    <section class="card" aria-labelledby="rule-about"><h2 id="rule-about">${w.about}</h2>
      ${textField(context, "name")}
      ${choice(context, "category", CATEGORIES, (value) => called("category", value))}
      ${radios(context, "action", ACTIONS, (value) => w.actions[value])}
      ${textField(context, "note")}
    </section>
    <section class="card" aria-labelledby="rule-what"><h2 id="rule-what">${w.what}</h2>
      ${radios(context, "kind", KINDS, (value) => w.kinds[value])}
      ${matcher(context)}
    </section>
    <section class="card" aria-labelledby="rule-tests"><h2 id="rule-tests">${w.exceptions}</h2>
      ${linesField(context, "unless", 3)}
      ${linesField(context, "must_match")}${results("must_match")}
      ${linesField(context, "must_not_match")}${results("must_not_match")}
    </section>
    <section class="card" aria-labelledby="rule-limits"><h2 id="rule-limits">${w.limits}</h2>
      <div class="rule-pair">${textField(context, "rooms")}${textField(context, "languages")}</div>
    </section>
  </div>`;
}

/** @param {Context} context */
function matcher(context) {
  const w = words();
  const { form } = context;
  const label = (/** @type {Record<string, [string, string]>} */ of) => (/** @type {string} */ value) => of[value][0];
  switch (form.kind) {
    case "terms":
      return html`${choice(context, "source", ["own", "lexicon"], label(w.sources))}
        ${form.source === "lexicon" ? choice(context, "lexicon", LEXICONS, label(w.lexicons))
          : html`${linesField(context, "terms", 7)}${choice(context, "match", ["word", "substring"], label(w.matches))}`}`;
    case "pattern":
      return html`${textField(context, "pattern", { mono: true })}${choice(context, "view", VIEWS, label(w.views))}`;
    case "concepts":
      return concepts(context);
    case "links":
      return html`${linesField(context, "domains")}${linesField(context, "allow_domains", 3)}
        <label class="check"><input type="checkbox" .checked=${live(form.shorteners)} @change=${(/** @type {Event} */ event) => {
          form.shorteners = /** @type {HTMLInputElement} */ (event.target).checked;
          context.changed();
        }}><span>${fieldName("shorteners")} <span class="hint">${fieldHint("shorteners")}</span></span></label>`;
    case "contact":
      return html`<p class="notice">${w.contact}</p>`;
    case "classifier":
      return html`<div class="rule-pair">${choice(context, "head", HEADS, label(w.heads))}${textField(context, "threshold", { inputmode: "decimal" })}</div>`;
    case "repetition":
      return html`<div class="rule-pair">${textField(context, "same_text", { inputmode: "numeric" })}${textField(context, "window_seconds", { inputmode: "numeric" })}</div>
        <div class="rule-pair">${textField(context, "similar_in_rooms", { inputmode: "numeric" })}${textField(context, "first_contacts", { inputmode: "numeric" })}</div>
        ${linesField(context, "with_concepts", 3)}`;
    default:
      return nothing;
  }
}

/** @param {Context} context */
function concepts(context) {
  const w = words();
  const { form, changed } = context;
  const own = new Set(form.define.map(({ name }) => name.trim()));
  const known = [...CONCEPTS, ...form.of.filter((name) => !CONCEPTS.includes(name) && !own.has(name))];
  /** @param {string} name */
  const toggle = (name) => () => {
    form.of = form.of.includes(name) ? form.of.filter((each) => each !== name) : [...form.of, name];
    changed();
  };
  /** @param {number} at @param {"name" | "phrases"} key */
  const type = (at, key) => (/** @type {Event} */ event) => {
    const before = form.define[at].name.trim();
    if (key === "name") form.of = form.of.filter((name) => name !== before);
    form.define[at][key] = /** @type {HTMLInputElement} */ (event.target).value;
    changed();
  };
  const complaint = context.complaint("of");
  return html`<div class="rule-pair">${textField(context, "at_least", { inputmode: "numeric" })}${textField(context, "within_words", { inputmode: "numeric" })}</div>
    <fieldset><legend>${fieldName("of")}</legend><p class="hint">${complaint ? html`<strong class="rule-complaint">${complaint}</strong> ` : nothing}${fieldHint("of")}</p>
      <div class="rule-concepts">${known.map((name) => html`<label class="check"><input type="checkbox" .checked=${live(form.of.includes(name))} @change=${toggle(name)}>
        <span>${w.concepts[name]?.[0] ?? name} <span class="hint">${w.concepts[name]?.[1] ?? ""}</span></span></label>`)}</div>
    </fieldset>
    <fieldset><legend>${fieldName("define")}</legend><p class="hint">${context.complaint("define") ?? ""} ${fieldHint("define")}</p>
      ${form.define.map(({ name, phrases }, at) => html`<div class="rule-own">
        <label>${w.ownName} ${at + 1}<input autocomplete="off" .value=${live(name)} @input=${type(at, "name")}></label>
        <label>${w.ownPhrases} ${at + 1}<textarea rows="3" .value=${live(phrases)} @input=${type(at, "phrases")}></textarea></label>
        <button type="button" aria-label="${w.removeOwn} ${name || at + 1}" @click=${() => {
          form.of = form.of.filter((each) => each !== name.trim());
          form.define.splice(at, 1);
          changed();
        }}>${w.removeOwn}</button>
      </div>`)}
      <div><button type="button" @click=${() => { form.define.push({ name: "", phrases: "" }); changed(); }}>${w.addOwn}</button></div>
    </fieldset>`;
}
