// An incident: what was said, why it is here, what was said around it, who said it.

import { request } from "../../shared/api.js";
import { failure } from "../../shared/failure.js";
import { highlight, spansOf } from "../../shared/highlight.js";
import { ago, dateTime, dictionary, number, plural } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { href } from "../../shared/router.js";
import { askBan, askDisconnect, isInForce } from "../ban.js";
import { copyButton } from "../people/copy.js";
import { ruleFromMessage } from "../rules/from-message.js";
import { badge, called, isRemoved, short } from "../words.js";
import { decisionBar } from "./decision.js";
import { alsoHere, viewers } from "./presence.js";
import { decidedBefore } from "./reopen.js";
import { reportList } from "./reports.js";

/** @typedef {import("../../../types/api").components["schemas"]["IncidentDetail"]} IncidentDetail */
/** @typedef {import("../../../types/api").components["schemas"]["UserRecord"]} UserRecord */
/** @typedef {import("./list.js").Incident} Incident */

const words = dictionary(
  {
    incident: (/** @type {number} */ id) => `Incident ${id}`, loading: "Loading…", said: "What was said", why: "Why it is here",
    noMatch: "No rule matched: a participant reported it.",
    version: (/** @type {number} */ v) => `version ${v}`, score: "score",
    around: "The conversation", room: (/** @type {number} */ id) => `Open room ${id}`,
    alone: "Nothing was said around it.", sender: "The sender", strikes: (/** @type {number} */ n) => plural(n, "strike", "strikes"),
    incidents: (/** @type {number} */ n) => plural(n, "incident", "incidents"),
    connected: "Connected", notConnected: "Not connected here", bannedUntil: (/** @type {string} */ when) => `Banned until ${when}`,
    bannedEver: "Banned for good", person: "Open their record",
    ban: "Ban…", disconnect: "Disconnect…", rule: "Write a rule from this",
    others: (/** @type {string} */ names) => `Another moderator is looking at this: ${names}`, back: "Back to the queue",
    refused: "not delivered", more: (/** @type {number} */ n) => plural(n, "more rule", "more rules"), thisOne: "this message",
    redacted: "The text was removed.",
    further: (/** @type {number} */ n) => `It also stands for ${plural(n, "further message", "further messages")} of the same sender`,
    furtherNewest: "The newest of those that were delivered:",
  },
  {
    incident: (id) => `Incident ${id}`, loading: "Chargement…", said: "Le message", why: "Pourquoi il est ici",
    noMatch: "Aucune règle ne correspond : une personne l’a signalé.",
    version: (v) => `version ${v}`, score: "score", around: "La conversation", room: (id) => `Ouvrir le salon ${id}`,
    alone: "Rien n’a été dit autour.", sender: "L’expéditeur", strikes: (n) => plural(n, "avertissement", "avertissements"),
    incidents: (n) => plural(n, "incident", "incidents"),
    connected: "En ligne", notConnected: "Pas en ligne ici", bannedUntil: (when) => `Bannissement jusqu’au ${when}`, bannedEver: "Bannissement définitif",
    person: "Ouvrir son dossier",
    ban: "Bannir…", disconnect: "Déconnecter…", rule: "En faire une règle", others: (names) => `Un autre modérateur regarde cet incident : ${names}`,
    back: "Retour à la file",
    refused: "non remis", more: (n) => plural(n, "autre règle", "autres règles"), thisOne: "ce message", redacted: "Le texte a été supprimé.",
    further: (n) => `Il vaut aussi pour ${plural(n, "autre message", "autres messages")} du même expéditeur`,
    furtherNewest: "Les derniers à avoir été remis :",
  },
);

export const detail = {
  /** @type {IncidentDetail | null} */
  incident: null,
  /** @type {UserRecord | null} */
  sender: null,
  /** @type {unknown} */
  senderProblem: null,
  /** @type {unknown} */
  problem: null,
};

/** An incident is in sight for so long before it can be decided: a key that is pressed again decides nothing that nobody read. */
const READABLE_AFTER = 1_000;

/** @type {number | null} */
let wanted = null;
/** Which incident has been in sight since when, by `performance.now()`. @type {{ id: number, since: number } | null} */
let inSight = null;

/** Takes away what is shown of another incident, before this one is read. @param {number | null} id */
export function expectDetail(id) {
  if (wanted !== id) {
    Object.assign(detail, { incident: null, sender: null, senderProblem: null });
    inSight = null;
  }
  wanted = id;
  detail.problem = null;
}

/** Whether the open incident was in sight long enough to have been read. */
export const isReadable = () => inSight !== null && inSight.id === detail.incident?.id && performance.now() - inSight.since >= READABLE_AFTER;

/** Counts from when an incident comes into sight. @param {number} id */
function cameInSight(id) {
  if (inSight?.id === id || document.visibilityState === "hidden") return;
  inSight = { id, since: performance.now() };
  setTimeout(redraw, READABLE_AFTER + 10);
}

// What stands in a tab that nobody sees is not read.
document.addEventListener("visibilitychange", () => {
  inSight = null;
  redraw();
});

/** Reads an incident and its sender. @param {number | null} id */
export async function openDetail(id) {
  expectDetail(id);
  if (id === null) return;
  try {
    /** @type {IncidentDetail} */
    const incident = await request("GET", `/moderation/incidents/${id}`);
    if (wanted !== id) return;
    detail.incident = incident;
    viewers(incident.viewers);
    redraw();
    setTimeout(goOn);
    await readSender();
  } catch (problem) {
    if (wanted === id) detail.problem = problem;
  }
  redraw();
}

/** Whoever decided by the keyboard goes on from the heading: the button that had the focus is gone. */
function goOn() {
  if (document.activeElement === document.body) toHeading();
}

/** Gives the heading the focus, where single keys act. */
export const toHeading = () => document.getElementById("incident")?.focus();

/** Reads the sender's record, again where it may have changed. */
export async function readSender() {
  const user = detail.incident?.user_id;
  if (!user) return;
  try {
    const sender = await request("GET", `/moderation/users/${encodeURIComponent(user)}`);
    if (detail.incident?.user_id === user) Object.assign(detail, { sender, senderProblem: null });
  } catch (senderProblem) {
    if (detail.incident?.user_id === user) Object.assign(detail, { sender: null, senderProblem });
  }
  redraw();
}

/** Shows what has become of it. @param {Incident} incident */
export function refresh(incident) {
  if (detail.incident?.id === incident.id) detail.incident = { ...detail.incident, ...incident };
}

/** @param {string} user */
export const ban = async (user) => void ((await askBan(user)) && (await readSender()));
/** @param {string} user */
export const disconnect = async (user) => void ((await askDisconnect(user)) && (await readSender()));

/**
 * @param {string} list where the list is that this was opened from
 * @param {(decision: import("./decision.js").Decision) => void} onDecide
 * @param {() => void} onReopen
 */
export function detailPane(list, onDecide, onReopen) {
  const w = words();
  const { incident, problem } = detail;
  if (problem) return failure(problem, () => void openDetail(wanted));
  if (!incident) return html`<p class="quiet" role="status">${w.loading}</p>`;
  cameInSight(incident.id);
  const others = alsoHere();
  return html`<article class="stack" aria-labelledby="incident">
    <header class="row spread">
      <div class="row"><a class="button back" href=${list}>← ${w.back}</a><h2 id="incident" tabindex="-1">${w.incident(incident.id)}</h2>
        ${badge("action", incident.action)} <span class="badge">${called("category", incident.category)}</span> ${badge("status", incident.status)}</div>
      <time class="quiet small" datetime=${incident.created_at} title=${dateTime(incident.created_at)}>${ago(incident.created_at)}</time>
    </header>
    ${others.length ? html`<p class="notice warn" role="status">${w.others(others.map(short).join(", "))}</p>` : nothing}
    <section class="card" aria-label=${w.said}>
      ${!isRemoved(incident.message) ? highlight(incident.message, spansOf(incident.matches)) : html`<p class="quiet">${w.redacted}</p>`}
      ${!isRemoved(incident.message) ? html`<div><button @click=${() => ruleFromMessage(incident.message)}>${w.rule}</button></div>` : nothing}
    </section>
    ${incident.further_count ? furtherMessages(incident) : nothing}
    <section class="card" aria-labelledby="why"><h3 id="why">${w.why}</h3>${why(incident)}</section>
    ${decisionBar(incident, { isReadable: isReadable(), onDecide, onReopen, onLeaveNote: toHeading })}
    ${decidedBefore(incident.history)}
    <div class="queue-columns">
      <section class="card" aria-labelledby="sender"><h3 id="sender">${w.sender}</h3>${sender(incident.user_id)}</section>
      <section class="card" aria-labelledby="around"><div class="row spread"><h3 id="around">${w.around}</h3>
        <a href=${href("rooms", incident.room_id, { message: incident.message_id })}>${w.room(incident.room_id)}</a></div>${context(incident)}</section>
    </div>
  </article>`;
}

/** @param {IncidentDetail} incident */
function why(incident) {
  const w = words();
  const rules = byRule(incident.matches);
  return html`${reportList(incident)}
    ${rules.length ? ruleList(rules.slice(0, 1)) : incident.report_count ? nothing : html`<p class="quiet">${w.noMatch}</p>`}
    ${rules.length > 1 ? html`<details><summary>${w.more(rules.length - 1)}</summary>${ruleList(rules.slice(1))}</details>` : nothing}`;
}

/** @param {IncidentDetail["matches"]} matches */
function ruleList(matches) {
  const w = words();
  return html`<ul class="plain">${matches.map((match) => html`<li>
    <a href=${href("rules", match.rule_id)}>${match.rule}</a> ${badge("does", match.action)}
    <div class="quiet small">${called("kind", match.kind)} · ${w.version(match.rule_version)}${match.score === null ? nothing : html` · ${w.score} ${number(match.score, { maximumFractionDigits: 3 })}`}
      ${match.lowered ? html` · ${called("lowered", match.lowered)}` : nothing}</div></li>`)}</ul>`;
}

/** The strongest match of each rule, the one that decided first. @param {IncidentDetail["matches"]} matches */
const byRule = (matches) => matches.filter((match, at) => matches.findIndex(({ rule_id }) => rule_id === match.rule_id) === at);

/** @param {string} user */
function sender(user) {
  const w = words();
  const record = detail.sender;
  const held = record?.bans.find(isInForce);
  return html`<p class="row"><span class="mono">${user}</span> ${copyButton(user)}</p>
    ${detail.senderProblem ? failure(detail.senderProblem, readSender) : nothing}
    ${record ? html`<div class="row">
      <span class="badge ${record.strikes_counted ? "warn" : ""}">${w.strikes(record.strikes_counted)}</span>
      <span class="badge">${w.incidents(record.incidents.length)}</span>
      <span class="badge ${record.connected ? "good" : ""}">${record.connected ? w.connected : w.notConnected}</span>
      ${held ? html`<span class="badge bad">${held.expires_at ? w.bannedUntil(dateTime(held.expires_at)) : w.bannedEver}</span>` : nothing}
    </div>` : nothing}
    <div class="actions"><button @click=${() => ban(user)}>${w.ban} <kbd>B</kbd></button><button @click=${() => disconnect(user)}>${w.disconnect} <kbd>C</kbd></button>
      <a class="button" href=${href("people", user)}>${w.person}</a></div>`;
}

/** What the incident stands for besides its own message. @param {IncidentDetail} incident */
function furtherMessages({ further_count, further }) {
  const w = words();
  return html`<section class="card" aria-labelledby="further"><h3 id="further">${w.further(further_count)}</h3>
    ${further.length ? html`<p class="small quiet">${w.furtherNewest}</p><ol class="talk">${further.map((said) => html`<li>
      <div class="small quiet"><a href=${href("rooms", said.room_id, { message: said.id })}>${w.room(said.room_id)}</a> · <time datetime=${said.created_at}>${dateTime(said.created_at)}</time></div>
      ${isRemoved(said.message) ? html`<p class="quiet">${w.redacted}</p>` : html`<div class="message-text">${said.message}</div>`}</li>`)}</ol>` : nothing}</section>`;
}

/** @param {IncidentDetail} incident */
function context(incident) {
  const w = words();
  const { before, after } = incident.context;
  if (!before.length && !after.length) return html`<p class="quiet">${w.alone}</p>`;
  const here = { id: incident.message_id, sender_id: incident.user_id, message: incident.message, created_at: incident.created_at };
  return html`<ol class="talk">${[...before, here, ...after].map((said) => html`<li class=${said === here ? "here" : said.sender_id === incident.user_id ? "sender" : ""}>
    <div class="small quiet"><span class="mono">${short(said.sender_id)}</span> · <time datetime=${said.created_at}>${dateTime(said.created_at)}</time>
      ${said === here ? html` · <strong>${w.thisOne}${incident.message_id === null ? ` (${w.refused})` : ""}</strong>` : nothing}</div>
    ${isRemoved(said.message) ? html`<p class="quiet">${w.redacted}</p>` : html`<div class="message-text">${said.message}</div>`}</li>`)}</ol>`;
}
