// Deciding: what is typed stays until the server has it, and nobody decides twice.

import { ApiError, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { dictionary } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { failure } from "../../shared/failure.js";
import { redraw } from "../../shared/redraw.js";
import { say } from "../../shared/toast.js";
import { called, short } from "../words.js";
import { who } from "../../shared/session.js";

/** @typedef {import("./list.js").Incident} Incident */
/** @typedef {"uphold" | "dismiss" | "release" | "remove"} Decision */

const words = dictionary(
  {
    heading: "Decide", uphold: "Uphold", dismiss: "Dismiss", release: "Release", remove: "Remove", note: "Note for other moderators",
    upholdHint: "It was right; nothing more happens.", dismissHint: "It was wrong; the strike is taken back, and a held message is delivered.",
    releaseHint: "Deliver the held message after all.", removeHint: "Take the text away from the conversation.",
    sureRemove: "Remove this message?", sureText: "Nobody in the room can read it any more, and this cannot be undone. The incident keeps the text as evidence.", cancel: "Cancel",
    by: (/** @type {string} */ status, /** @type {string} */ who) => `${status} by ${who}.`, you: "you", policy: "the policy",
    other: (/** @type {string} */ id) => `moderator ${id}`,
    faster: (/** @type {string} */ who, /** @type {string} */ status) => `Somebody was faster: ${who} decided meanwhile — ${status.toLowerCase()}. Your note is kept below.`,
    done: (/** @type {string} */ status, /** @type {boolean} */ isNext) => (isNext ? `${status}. The next one is open.` : `${status}.`),
    copy: "Your note, not sent",
  },
  {
    heading: "Décider", uphold: "Confirmer", dismiss: "Écarter", release: "Libérer", remove: "Supprimer", note: "Note pour les autres modérateurs",
    upholdHint: "C’était justifié ; rien d’autre ne se passe.", dismissHint: "C’était une erreur ; l’avertissement est retiré, et un message retenu est remis.",
    releaseHint: "Remettre malgré tout le message retenu.", removeHint: "Effacer le texte de la conversation.",
    sureRemove: "Supprimer ce message ?", sureText: "Plus personne ne pourra le lire dans le salon, et c’est irréversible. L’incident en garde le texte comme preuve.", cancel: "Abandonner",
    by: (status, who) => `${status} par ${who}.`, you: "vous", policy: "la politique", other: (id) => `le modérateur ${id}`,
    faster: (who, status) => `Quelqu’un a été plus rapide : ${who} a décidé entre-temps — ${status.toLowerCase()}. Votre note est conservée ci-dessous.`,
    done: (status, isNext) => (isNext ? `${status}. Le suivant est ouvert.` : `${status}.`), copy: "Votre note, non envoyée",
  },
);

const NOTES = 200;
/** How the key of whoever is signed in is called: notes are for nobody else in this tab. */
const kept = () => `plic.queue.notes.${who()?.user ?? ""}`;
/** Notes that were typed and not sent yet, by incident: they outlive the page. @type {Map<number, string>} */
const notes = keptNotes();
/** @type {Map<number, { isBusy: boolean, problem: unknown, wasLate: boolean }>} */
const states = new Map();

/** What can be decided. @param {Incident} incident @returns {Decision[]} */
export function possible({ status, action, message_id }) {
  if (status !== "open") return [];
  const decisions = /** @type {Decision[]} */ (["uphold", "dismiss"]);
  if (action === "hold" && message_id === null) decisions.push("release");
  if (message_id !== null || action === "hold") decisions.push("remove");
  return decisions;
}

/**
 * Decides, after asking where it cannot be taken back.
 * @param {Incident} incident
 * @param {Decision} decision
 * @param {(decided: Incident, isMine: boolean) => boolean} then answers whether another one was opened
 */
export async function decide(incident, decision, then) {
  if (!possible(incident).includes(decision) || states.get(incident.id)?.isBusy) return;
  const w = words();
  const send = async () => {
    const decided = await request("POST", `/moderation/incidents/${incident.id}/decision`, { body: { decision, note: notes.get(incident.id)?.trim() || null } });
    keepNote(incident.id, "");
    states.delete(incident.id);
    say(words().done(called("status", decided.status), then(decided, true)));
  };
  if (decision === "remove") {
    await ask({
      title: w.sureRemove, confirm: w.remove, cancel: w.cancel, danger: true, body: () => html`<p>${w.sureText}</p>`,
      submit: () => send().catch((error) => late(incident, error, then)),
    });
    return;
  }
  states.set(incident.id, { isBusy: true, problem: null, wasLate: false });
  redraw();
  try {
    await send();
  } catch (error) {
    await late(incident, error, then).catch((problem) => states.set(incident.id, { isBusy: false, problem, wasLate: false }));
  }
  redraw();
}

/**
 * Shows what somebody else decided meanwhile; any other failure is thrown again.
 * @param {Incident} incident
 * @param {unknown} error
 * @param {(decided: Incident, isMine: boolean) => boolean} then
 */
async function late(incident, error, then) {
  if (!(error instanceof ApiError) || error.status !== 409) throw error;
  then(await request("GET", `/moderation/incidents/${incident.id}`), false);
  states.set(incident.id, { isBusy: false, problem: null, wasLate: true });
  redraw();
}

/**
 * The bar, or what was decided.
 * @param {Incident} incident
 * @param {(decision: Decision) => void} onDecide
 */
export function decisionBar(incident, onDecide) {
  const w = words();
  const state = states.get(incident.id);
  const note = notes.get(incident.id) ?? "";
  if (incident.status !== "open") {
    const name = incident.decided_by === null ? w.policy : incident.decided_by === who()?.user ? w.you : w.other(short(incident.decided_by));
    return html`<section class="card" aria-label=${w.heading}>
      <p role="status">${state?.wasLate ? w.faster(name, called("status", incident.status)) : w.by(called("status", incident.status), name)}</p>
      ${incident.note ? html`<p class="message-text quiet">${incident.note}</p>` : nothing}
      ${note ? html`<label>${w.copy}<textarea readonly .value=${note}></textarea></label>` : nothing}
    </section>`;
  }
  const keys = { uphold: "U", dismiss: "D", release: "R", remove: "X" };
  return html`<section class="card" aria-labelledby="decide">
    <h3 id="decide">${w.heading}</h3>
    <label>${w.note} <textarea id="note" maxlength="2000" rows="1" .value=${live(note)} @input=${(/** @type {InputEvent} */ event) => keepNote(incident.id, /** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea></label>
    ${state?.problem ? failure(state.problem) : nothing}
    <div class="actions">${possible(incident).map((decision) => html`<button
      class=${decision === "uphold" ? "primary" : decision === "remove" ? "danger" : ""} ?disabled=${state?.isBusy} title=${w[`${decision}Hint`]} @click=${() => onDecide(decision)}>
      ${w[decision]} <kbd>${keys[decision]}</kbd></button>`)}</div>
  </section>`;
}

/** @returns {Map<number, string>} */
function keptNotes() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(kept()) ?? "[]"));
  } catch {
    return new Map();
  }
}

/** @param {number} id @param {string} text */
function keepNote(id, text) {
  notes.delete(id);
  if (text) notes.set(id, text);
  if (notes.size > NOTES) notes.delete(/** @type {number} */ (notes.keys().next().value));
  try {
    sessionStorage.setItem(kept(), JSON.stringify([...notes]));
  } catch {
    // Notes too long for the storage stay in memory.
  }
}
