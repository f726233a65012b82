// The policy: what happens by itself, in units that people count in.

import { request } from "../../shared/api.js";
import { on } from "../../shared/events.js";
import { failure } from "../../shared/failure.js";
import { dictionary } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { who } from "../../shared/session.js";
import { say, unsay } from "../../shared/toast.js";

/** @typedef {import("../../../types/api").components["schemas"]["Policy"]} Policy */

const words = dictionary(
  {
    title: "Policy", lead: "What happens by itself.", readOnly: "Only admins change the policy.", save: "Save", saved: "The policy is in force.",
    loading: "Loading…",
    never: "Leave empty for never.", banHint: "Leave empty for good.", keepHint: "Leave empty to keep them.",
    strikes: "Strikes", strikes_to_ban: "Strikes that ban", strike_window_seconds: "Within (hours)", ban_seconds: "Ban for (hours)",
    held: "Held messages", held_then: "When nobody decides in time", keep: "Keep waiting", release: "Deliver", drop: "Drop", held_seconds: "After (hours)",
    kept: "How long things are kept", deleted_room_days: "Messages of deleted rooms (days)", incident_days: "Texts of decided incidents (days)",
    message_days: "Messages (days)",
    stale: "Somebody else changed the policy meanwhile. What you typed is kept; these are theirs:", empty: "empty", theirs: "Take theirs",
    mine: "Save mine over theirs",
  },
  {
    title: "Règlement", lead: "Ce qui se passe automatiquement.", readOnly: "Seuls les administrateurs modifient le règlement.", save: "Enregistrer",
    saved: "Le règlement est en vigueur.", loading: "Chargement…",
    never: "Laissez vide pour jamais.", banHint: "Laissez vide pour un bannissement définitif.", keepHint: "Laissez vide pour les conserver.",
    strikes: "Avertissements", strikes_to_ban: "Avertissements avant bannissement", strike_window_seconds: "En l’espace de (heures)",
    ban_seconds: "Bannir pendant (heures)",
    held: "Messages retenus", held_then: "Si personne ne décide à temps", keep: "Continuer d’attendre", release: "Remettre", drop: "Abandonner",
    held_seconds: "Après (heures)",
    kept: "Durées de conservation", deleted_room_days: "Messages des salons supprimés (jours)", incident_days: "Textes des incidents décidés (jours)",
    message_days: "Messages (jours)",
    stale: "Quelqu’un d’autre a modifié le règlement entre-temps. Ce que vous avez écrit est conservé ; voici ses valeurs :", empty: "vide",
    theirs: "Prendre les siennes",
    mine: "Enregistrer les miennes",
  },
);

const HOUR = 3_600;
/** What is counted in hours on the page, and in seconds by the server. */
const HOURS = /** @type {const} */ (["strike_window_seconds", "ban_seconds", "held_seconds"]);
const HELD = /** @type {const} */ (["keep", "release", "drop"]);
const NUMBERS = /** @type {const} */ (["strikes_to_ban", ...HOURS, "deleted_room_days", "incident_days", "message_days"]);

const FIELDS = /** @type {const} */ ([...NUMBERS, "held_then"]);
/** @typedef {typeof FIELDS[number]} Field */

/** The policy that what is typed changes. @type {Policy | null} */
let policy = null;
/** What somebody else made of it since it was read. @type {Policy | null} */
let theirs = null;
/** @type {unknown} */
let problem = null;
let isBusy = false;
/** What was typed and not saved, kept while other views are open. @type {Map<string, string>} */
const typed = new Map();
/** @type {(() => void)[]} */
let hearing = [];

/** Reads it; what was typed stays, and is held against what somebody else has changed. */
async function load() {
  problem = null;
  try {
    const read = /** @type {Policy} */ (await request("GET", "/moderation/policy"));
    if (policy && changed(policy, read).length) unsay("policy");
    if (typed.size && policy && changed(policy, read).length) theirs = read;
    else policy = read;
  } catch (error) {
    problem = error;
  }
  redraw();
}

/** @param {Policy} one @param {Policy} other */
const changed = (one, other) => FIELDS.filter((name) => one[name] !== other[name]);

/** @type {import("../main.js").View} */
export const view = { title: () => words().title, enter, leave, render };

function enter() {
  leave();
  hearing = ["policy", "open", "missed"].map((name) => on(name, () => void (isBusy || load())));
  void load();
}

function leave() {
  for (const stop of hearing) stop();
  hearing = [];
}

/** @param {Event} event */
function keep({ target }) {
  const { name, value } = /** @type {HTMLInputElement} */ (target);
  typed.set(name, value);
  redraw();
}

function takeTheirs() {
  typed.clear();
  policy = theirs;
  theirs = null;
  redraw();
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  void save();
}

/** Saves what was typed, as a change of what was read, or `over` what somebody else made of that. */
async function save(over = false) {
  const before = over ? theirs : policy;
  if (!before || isBusy) return;
  isBusy = true;
  problem = null;
  redraw();
  const sent = new Map(typed);
  const body = Object.fromEntries(FIELDS.map((name) => [name, sent.has(name) ? valueOf(name, String(sent.get(name))) : before[name]]));
  try {
    const now = /** @type {Policy} */ (await request("GET", "/moderation/policy"));
    if (changed(before, now).length) theirs = now;
    else {
      policy = await request("PUT", "/moderation/policy", { body });
      theirs = null;
      for (const [name, text] of sent) if (typed.get(name) === text) typed.delete(name);
      say(() => words().saved, { about: "policy" });
    }
  } catch (error) {
    problem = error;
  }
  isBusy = false;
  redraw();
}

/** @param {Field} name @param {string} text */
function valueOf(name, text) {
  if (name === "held_then") return text;
  if (text.trim() === "") return null;
  return HOURS.some((each) => each === name) ? Math.round(Number(text) * HOUR) : Number(text);
}

/** As the field has it. @param {Policy} from @param {Field} name */
function textOf(from, name) {
  const given = from[name];
  if (given === null) return "";
  return String(HOURS.some((each) => each === name) ? Number(given) / HOUR : given);
}

function render() {
  const w = words();
  const isAdmin = who()?.role === "admin";
  const now = policy;
  const head = html`<header><h1>${w.title}</h1><p class="quiet">${w.lead}</p></header>
    ${isAdmin ? nothing : html`<p class="notice">${w.readOnly}</p>`}`;
  if (!now) return html`${head}${problem ? failure(problem, load) : html`<p class="quiet" role="status">${w.loading}</p>`}`;
  const field = (/** @type {typeof NUMBERS[number]} */ name, hint = "") => html`<label>${w[name]}
    <input name=${name} type="number" min="0" step="any" .value=${live(typed.get(name) ?? textOf(now, name))} aria-describedby=${hint ? `${name}-hint` : nothing}>
    ${hint ? html`<span class="hint" id="${name}-hint">${hint}</span>` : nothing}</label>`;
  const held = typed.get("held_then") ?? now.held_then;
  return html`${head}${theirs ? conflict(now, theirs) : nothing}<form class="stack" @submit=${submit} @input=${keep}>
    <fieldset ?disabled=${!isAdmin}><legend>${w.strikes}</legend>
      <div class="fields">${field("strikes_to_ban", w.never)}${field("strike_window_seconds")}${field("ban_seconds", w.banHint)}</div></fieldset>
    <fieldset ?disabled=${!isAdmin}><legend>${w.held}</legend><div class="fields">
      <label>${w.held_then}<select name="held_then">${HELD.map((each) => html`<option value=${each} .selected=${live(held === each)}>${w[each]}</option>`)}</select></label>
      ${field("held_seconds")}</div></fieldset>
    <fieldset ?disabled=${!isAdmin}><legend>${w.kept}</legend>
      <div class="fields">${field("deleted_room_days", w.keepHint)}${field("incident_days", w.keepHint)}${field("message_days", w.keepHint)}</div></fieldset>
    ${problem ? failure(problem) : nothing}
    ${isAdmin ? html`<div><button class="primary" ?disabled=${isBusy}>${w.save}</button></div>` : nothing}
  </form>`;
}

/** @param {Policy} before @param {Policy} other */
function conflict(before, other) {
  const w = words();
  const shown = (/** @type {Field} */ name) => (name === "held_then" ? w[other.held_then] : textOf(other, name) || w.empty);
  return html`<div class="notice warn"><div class="stack"><p role="alert">${w.stale}</p>
    <ul>${changed(before, other).map((name) => html`<li>${w[name]}: <strong>${shown(name)}</strong></li>`)}</ul>
    <div class="actions"><button type="button" @click=${takeTheirs}>${w.theirs}</button><button type="button" @click=${() => void save(true)}>${w.mine}</button></div></div></div>`;
}
