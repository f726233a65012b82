// One rule: read, changed, tried, saved, published.

import { failure } from "../../shared/failure.js";
import { ago, dictionary } from "../../shared/language.js";
import { html, keyed, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go, href, route } from "../../shared/router.js";
import { who } from "../../shared/session.js";
import { say, unsay } from "../../shared/toast.js";
import { badge, called } from "../words.js";
import { backtest } from "./backtest.js";
import { complaint, complaintAbout, emptiness } from "./complaint.js";
import { difference } from "./diff.js";
import { isChanged, keep } from "./drafts.js";
import { ruleForm } from "./form.js";
import { draftOf, missing } from "./model.js";
import { changed, closeRule, current, discard, emptyDraft, openRule, read, take } from "./opened.js";
import { readTheirs, remove, save } from "./saving.js";
import { exampleResults, refused, trial } from "./trial.js";
import { versions } from "./versions.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("./model.js").Rule} Rule */
/** @typedef {import("./opened.js").Opened} Opened */
/** @typedef {NonNullable<Opened["refusal"]>} Refusal */

const words = dictionary(
  {
    fresh: "New rule", rules: "Rules", loading: "Loading…", version: "version", updated: "changed", copy: "Begin a copy", remove: "Delete",
    changed: "Unsaved changes", kept: "Kept in this tab until you save or discard them.", discard: "Discard the changes",
    discarded: "Your changes are discarded.", undo: "Undo",
    next: "Save and publish", path: "A rule goes from draft to shadow to live. You can stop at any step, and go back.", now: "now",
    steps: {
      draft: ["Save as draft", "Does nothing yet. Come back to it later."],
      shadow: ["Put in the shadow", "Counts what it would find, changes nothing for anybody."],
      live: ["Publish live", "In force at once, on every message."], retired: ["Retire", "Out of force, and kept."],
    },
    conflict: "Somebody else changed this rule meanwhile",
    conflictText: "What you typed is still here. This is what is different from theirs (−) to yours (+):",
    theirs: "Take theirs", mine: "Write mine over theirs", look: "Show the difference", elsewhere: "Somebody else has just changed this rule.",
    gone: "Somebody deleted this rule. What you typed is still here: save it as a new rule.", asNew: "Make a new rule of it",
    refused: "The server does not accept the rule like this", override: "Put it in force all the same", reason: "Reason",
    overrideHint: "As an admin you may, with a reason. It is written into the audit log.", askAdmin: "An admin may put it in force all the same.",
  },
  {
    fresh: "Nouvelle règle", rules: "Règles", loading: "Chargement…", version: "version", updated: "modifiée", copy: "Commencer une copie", remove: "Supprimer",
    changed: "Modifications non enregistrées", kept: "Gardées dans cet onglet jusqu’à ce que vous les enregistriez ou les abandonniez.",
    discard: "Abandonner les modifications",
    discarded: "Vos modifications sont abandonnées.", undo: "Annuler",
    next: "Enregistrer et publier", path: "Une règle passe de brouillon à l’essai, puis en vigueur. On peut s’arrêter à chaque étape, et revenir.",
    now: "actuel",
    steps: {
      draft: ["Enregistrer le brouillon", "Ne fait encore rien. Vous y reviendrez."],
      shadow: ["Mettre à l’essai", "Compte ce qu’elle trouverait, ne change rien pour personne."],
      live: ["Mettre en vigueur", "S’applique aussitôt à chaque message."], retired: ["Retirer", "Plus appliquée, mais gardée."],
    },
    conflict: "Quelqu’un a modifié cette règle entre-temps",
    conflictText: "Ce que vous avez écrit est conservé. Voici la différence entre sa version (−) et la vôtre (+) :",
    theirs: "Prendre la sienne", mine: "Écrire la mine par-dessus", look: "Voir la différence", elsewhere: "Quelqu’un vient de modifier cette règle.",
    gone: "Quelqu’un a supprimé cette règle. Ce que vous avez écrit est conservé : enregistrez-le comme nouvelle règle.", asNew: "En faire une nouvelle règle",
    refused: "Le serveur n’accepte pas la règle ainsi", override: "La mettre en vigueur quand même", reason: "Raison",
    overrideHint: "Un administrateur le peut, avec une raison. Elle est inscrite au journal d’audit.",
    askAdmin: "Un administrateur peut la mettre en vigueur quand même.",
  },
);

/** Begins a new rule from this one. @param {Draft["form"]} form */
function openNew(form) {
  closeRule();
  keep({ ...emptyDraft(form.kind), form: { ...structuredClone(form), state: "draft" } });
  if (route().parts[0] === "new") openRule("new", null);
  else go("rules", "new");
}

/** @param {Opened} mine */
function discardMine(mine) {
  const gone = discard(mine);
  const back = () => {
    if (!gone) return;
    keep(gone);
    if (mine === current()) mine.draft = gone;
    redraw();
  };
  say(() => words().discarded, { about: `draft ${mine.id}`, undo: { label: () => words().undo, run: back } });
}

/** What the open rule is called. */
export function openTitle() {
  const mine = current();
  return mine?.id === "new" ? words().fresh : mine?.draft?.form.name || words().rules;
}

export function editor() {
  const w = words();
  const mine = current();
  if (!mine?.draft) {
    return html`<h1>${w.rules}</h1><p><a href=${href("rules")}>← ${w.rules}</a></p>
      ${mine?.problem ? failure(mine.problem, () => void read(mine)) : html`<p role="status">${w.loading}</p>`}`;
  }
  const { id, draft } = mine;
  // An empty form is no mistake yet.
  const sentence = isChanged(draft) ? refused() : null;
  const sentences = mine.refusal ? against(mine.refusal, draft) : sentence ? [sentence] : [];
  // What was discarded cannot come back over what is typed after it.
  const type = () => {
    unsay(`draft ${mine.id}`);
    changed(mine);
  };
  const context = { form: draft.form, changed: type, complaint: (/** @type {string} */ field) => sentences.map((one) => complaintAbout(one, field)).find(Boolean) ?? null };
  return keyed(mine, html`<div class="stack">
    <p><a href=${href("rules")}>← ${w.rules}</a></p>
    <div class="row spread"><h1>${id === "new" ? w.fresh : draft.base?.name}</h1>${draft.base ? standing(draft.base) : nothing}</div>
    ${mine.isGone ? html`<div class="notice bad" role="alert"><span>${w.gone}</span><button type="button" @click=${() => openNew(draft.form)}>${w.asNew}</button></div>` : nothing}
    ${mine.isNewer && !mine.theirs ? html`<div class="notice warn" role="alert"><span>${w.elsewhere}</span><button type="button" @click=${() => void readTheirs(mine)}>${w.look}</button></div>` : nothing}
    ${mine.theirs ? conflict(mine, draft, mine.theirs) : nothing}
    <div class="rule-columns">
      ${ruleForm(context, (field) => exampleResults(draft, field))}
      <div class="stack rule-side">${trial(draft, type)}${publishing(mine, draft)}${backtest(draft)}${id === "new" ? nothing : html`
        ${versions(id, draft.base, (rule) => take(mine, rule))}
        <div class="actions"><button type="button" @click=${() => openNew(draft.form)}>${w.copy}</button><button type="button" class="danger" @click=${() => void remove(mine)}>${w.remove}</button></div>`}
      </div>
    </div></div>`);
}

/** @param {Rule} base */
function standing({ state, version, updated_at }) {
  return html`<p class="row small">${badge("state", state)}<span class="quiet">${words().version} ${version} · ${words().updated} ${ago(updated_at)}</span></p>`;
}

/** @param {Opened} mine @param {Draft} draft @param {Rule} other */
function conflict(mine, draft, other) {
  const w = words();
  const state = mine.wanted || draft.form.state;
  return html`<section class="card" aria-labelledby="rule-conflict"><div role="alert"><h2 id="rule-conflict">${w.conflict}</h2></div><p>${w.conflictText}</p>
    ${difference(other, { ...draftOf(draft.form), state })}
    <div class="actions"><button type="button" class="primary" @click=${() => take(mine, other)}>${w.theirs}</button>
      <button type="button" @click=${() => void save(mine, state, { over: other })}>${w.mine} (${called("state", state)})</button></div></section>`;
}

/** @param {Opened} mine @param {Draft} draft */
function publishing(mine, draft) {
  const w = words();
  const now = draft.base?.state ?? null;
  const isTyped = isChanged(draft);
  const main = isTyped && now && now !== "retired" ? now : now === "shadow" || now === "live" ? "live" : "shadow";
  const steps = /** @type {("draft" | "shadow" | "live" | "retired")[]} */ (draft.base ? ["draft", "shadow", "live", "retired"] : ["draft", "shadow", "live"]);
  return html`<section class="card" aria-labelledby="rule-publish"><h2 id="rule-publish">${w.next}</h2>
    <p class="hint">${w.path}</p>
    <div role="status">${isTyped ? html`<div class="notice warn"><div><strong>${w.changed}</strong><p class="small">${w.kept}</p></div>
      <button type="button" @click=${() => discardMine(mine)}>${w.discard}</button></div>` : nothing}</div>
    ${mine.refusal ? rejected(mine, draft, mine.refusal) : nothing}${mine.problem ? failure(mine.problem) : nothing}
    <ol class="rule-steps">${steps.map((state) => html`<li>
      <button type="button" class=${state === main ? "primary" : ""} ?disabled=${mine.busy !== "" || mine.isGone} aria-describedby="rule-step-${state}"
        @click=${() => void save(mine, state)}>${w.steps[state][0]}</button>
      <span class="hint" id="rule-step-${state}">${now === state ? html`<strong>${badge("state", state)} ${w.now}.</strong> ` : nothing}${w.steps[state][1]}</span></li>`)}</ol>
  </section>`;
}

/** All that is wrong: the server names one field, and others may be empty as well. @param {Refusal} refusal @param {Draft} draft */
function against({ error }, draft) {
  const empty = missing(draft.form).map(emptiness);
  const isOne = empty.some((sentence) => complaint(sentence) === complaint(error.message));
  return isOne ? empty : [error.message, ...empty];
}

/** @param {Opened} mine @param {Draft} draft @param {Refusal} refusal */
function rejected(mine, draft, refusal) {
  const { error, state } = refusal;
  const w = words();
  const isOverridable = /override/.test(error.message);
  return html`<div class="notice bad" role="alert"><div class="stack"><strong>${w.refused}</strong>${against(refusal, draft).map((sentence) => html`<p>${complaint(sentence)}</p>`)}
    ${!isOverridable ? nothing : who()?.role !== "admin" ? html`<p>${w.askAdmin}</p>` : overriding(mine, state)}</div></div>`;
}

/** @param {Opened} mine @param {string} state */
function overriding(mine, state) {
  const w = words();
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    void save(mine, state, { override: mine.reason.trim() });
  };
  const type = (/** @type {Event} */ { target }) => void (mine.reason = /** @type {HTMLInputElement} */ (target).value);
  return html`<form class="stack" @submit=${submit}><label>${w.reason}<input required .value=${mine.reason} @input=${type}></label>
    <p class="small">${w.overrideHint}</p><div><button class="danger">${w.override}</button></div></form>`;
}
