// Deciding: a decision waits for a moment in which it can be taken back; what is typed stays until the server has it, and
// nobody decides twice.

import { ApiError, request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { on } from "../../shared/events.js";
import { explain, failure } from "../../shared/failure.js";
import { dictionary } from "../../shared/language.js";
import { html, live, nothing } from "../../shared/lit.js";
import { redraw } from "../../shared/redraw.js";
import { go, href } from "../../shared/router.js";
import { who } from "../../shared/session.js";
import { say, secondsLeft, unsay } from "../../shared/toast.js";
import { called, short } from "../words.js";
import { keepNote, noteOf } from "./notes.js";
import { reopening } from "./reopen.js";
import { cancel, requestOf, sendNow, wait, waitingFor } from "./waiting.js";

/** @typedef {import("./list.js").Incident} Incident */
/** @typedef {"uphold" | "dismiss" | "remove"} Decision */

const words = dictionary(
  {
    heading: "Decide", uphold: "Uphold", dismiss: "Dismiss", deliver: "Dismiss and deliver", remove: "Remove", note: "Note for other moderators",
    noteHint: "Esc leaves the note, Ctrl + Enter upholds with it.",
    upholdHint: "It was right; nothing else changes.", withholdHint: "It was right: the held message is not delivered.",
    dismissHint: "It was wrong; the strike is taken back.", deliverHint: "It was wrong: the held message is delivered, and the strike is taken back.",
    removeHint: "Take the text away from its room.", held: "This message is held: until somebody decides, nobody gets it.",
    sureRemove: "Remove this message?", sureText: "Its text is taken away from its room. This incident keeps it as evidence, for as long as the policy keeps incidents. Once done, this cannot be undone.",
    cancel: "Cancel", by: (/** @type {string} */ status, /** @type {string} */ who) => `${status} by ${who}.`, you: "you", policy: "the policy",
    other: (/** @type {string} */ id) => `moderator ${id}`,
    noteBy: (/** @type {string} */ who) => `Note by ${who}`,
    faster: (/** @type {string} */ who, /** @type {string} */ status) => `Somebody was faster: ${who} decided meanwhile — ${status.toLowerCase()}. Your note is kept below.`,
    fasterAt: (/** @type {number} */ id, /** @type {string} */ who) => `Incident ${id}: ${who} was faster. Your decision was not sent.`,
    will: {
      uphold: (/** @type {number} */ id) => `Incident ${id} will be upheld.`, dismiss: (/** @type {number} */ id) => `Incident ${id} will be dismissed.`,
      deliver: (/** @type {number} */ id) => `Incident ${id} will be dismissed, and the message delivered.`,
      remove: (/** @type {number} */ id) => `Incident ${id}: the message will be removed.`,
    },
    done: (/** @type {number} */ id, /** @type {string} */ status) => `Incident ${id}: ${status.toLowerCase()}.`,
    takenBack: (/** @type {number} */ id) => `Taken back: incident ${id} is still open.`,
    notSent: (/** @type {number} */ id, /** @type {string} */ why) => `Incident ${id} is not decided. ${why}`,
    copy: "Your note, not sent", undo: "Undo", now: "Send it now", look: "Open it",
    inSeconds: (/** @type {number} */ n) => `In ${n} s. Leaving the console sends it at once.`,
    tooSoon: "Nothing was decided: this incident has only just come up. Read it, then decide.",
  },
  {
    heading: "Décider", uphold: "Confirmer", dismiss: "Écarter", deliver: "Écarter et remettre", remove: "Supprimer", note: "Note pour les autres modérateurs",
    noteHint: "Échap quitte la note, Ctrl + Entrée confirme avec elle.",
    upholdHint: "C’était justifié ; rien d’autre ne change.", withholdHint: "C’était justifié : le message retenu n’est pas remis.",
    dismissHint: "C’était une erreur ; l’avertissement est retiré.",
    deliverHint: "C’était une erreur : le message retenu est remis et l’avertissement est retiré.",
    removeHint: "Effacer le texte de son salon.", held: "Ce message est retenu : personne ne le reçoit avant une décision.",
    sureRemove: "Supprimer ce message ?", sureText: "Son texte est effacé de son salon. Cet incident le conserve comme preuve, aussi longtemps que le règlement conserve les incidents. Une fois fait, c’est irréversible.",
    cancel: "Abandonner", by: (status, who) => `${status} par ${who}.`, you: "vous", policy: "le règlement", other: (id) => `le modérateur ${id}`,
    noteBy: (who) => `Note de ${who}`,
    faster: (who, status) => `Quelqu’un a été plus rapide : ${who} a décidé entre-temps — ${status.toLowerCase()}. Votre note est conservée ci-dessous.`,
    fasterAt: (id, who) => `Incident ${id} : ${who} a été plus rapide. Votre décision n’a pas été envoyée.`,
    will: {
      uphold: (id) => `L’incident ${id} va être confirmé.`, dismiss: (id) => `L’incident ${id} va être écarté.`,
      deliver: (id) => `L’incident ${id} va être écarté et le message remis.`, remove: (id) => `Incident ${id} : le message va être supprimé.`,
    },
    done: (id, status) => `Incident ${id} : ${status.toLowerCase()}.`,
    takenBack: (id) => `Décision annulée : l’incident ${id} reste à traiter.`,
    notSent: (id, why) => `L’incident ${id} n’est pas décidé. ${why}`,
    copy: "Votre note, non envoyée", undo: "Annuler", now: "Envoyer maintenant", look: "L’ouvrir",
    inSeconds: (n) => `Dans ${n} s. Quitter la console l’envoie aussitôt.`,
    tooSoon: "Rien n’a été décidé : cet incident vient d’apparaître. Lisez-le, puis décidez.",
  },
);

/** @type {Map<number, { isBusy: boolean, problem: unknown, wasLate: boolean }>} */
const states = new Map();

/** What was said about an incident. @param {number} id */
const about = (id) => `incident ${id}`;

/** @param {number} id */
const takenBack = (id) => `taken back ${id}`;

/** What can be decided. @param {Incident} incident @returns {Decision[]} */
export function possible({ id, status, action, message_id }) {
  if (status !== "open" || waitingFor(id)) return [];
  const decisions = /** @type {Decision[]} */ (["uphold", "dismiss"]);
  if (message_id !== null || action === "hold") decisions.push("remove");
  return decisions;
}

/** What a decision is called: of a held message, a dismissal delivers it. @param {Incident} incident @param {Decision} decision */
export const nameOf = ({ action, message_id }, decision) => (decision === "dismiss" && action === "hold" && message_id === null ? "deliver" : decision);

/** Says that it is too soon: nobody can have read what has only just come up. */
export const tooSoon = () => say(() => words().tooSoon, { tone: "plain", about: "too soon" });

/**
 * Decides, after asking where it cannot be taken back later. The decision waits for some seconds.
 * @param {Incident} incident
 * @param {Decision} decision
 * @param {{ waits: () => void, settled: (decided: Incident) => void }} then called when it begins to wait, and with what became of it
 */
export async function decide(incident, decision, then) {
  if (!possible(incident).includes(decision) || states.get(incident.id)?.isBusy) return;
  const w = words();
  if (decision === "remove" && !(await ask({ title: w.sureRemove, confirm: w.remove, cancel: w.cancel, danger: true, body: () => html`<p>${w.sureText}</p>`, submit: () => {} }))) return;
  // Somebody else may have decided while the question was open.
  if (!possible(incident).includes(decision)) return;
  const { id } = incident;
  const entry = wait({ incident, decision, note: noteOf(id).trim() || null, send: () => send(entry, then.settled) });
  states.delete(id);
  unsay("too soon");
  unsay(takenBack(id));
  say(() => words().will[nameOf(incident, decision)](id), {
    tone: "plain", about: about(id), countdown: entry.countdown, undo: { label: () => words().undo, keys: "Z", run: () => takeBack(id) },
  });
  then.waits();
}

/** Takes back what waits, and shows what it was about. @param {number} id */
export function takeBack(id) {
  if (!cancel(id)) return;
  unsay(about(id));
  say(() => words().takenBack(id), { tone: "plain", about: takenBack(id) });
  if (location.hash.startsWith(href("queue"))) go("queue", id, Object.fromEntries(new URLSearchParams(location.hash.split("?")[1])));
  redraw();
}

/**
 * @param {import("./waiting.js").Waiting} entry
 * @param {(decided: Incident) => void} settled
 */
async function send(entry, settled) {
  const { id } = entry.incident;
  const { path, body } = requestOf(entry);
  states.set(id, { isBusy: true, problem: null, wasLate: false });
  unsay(about(id));
  redraw();
  try {
    const decided = await request("POST", path, { body });
    keepNote(id, "");
    states.delete(id);
    settled(decided);
    say(() => words().done(id, called("status", decided.status)), { about: about(id) });
    return true;
  } catch (error) {
    await fails(id, error, settled);
    return false;
  } finally {
    redraw();
  }
}

/** @param {number} id @param {unknown} error @param {(decided: Incident) => void} settled */
async function fails(id, error, settled) {
  try {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    /** @type {Incident} */
    const theirs = await request("GET", `/moderation/incidents/${id}`);
    if (theirs.status === "open") throw error;
    settled(theirs);
    states.set(id, { isBusy: false, problem: null, wasLate: true });
    say(() => words().fasterAt(id, decider(theirs)), { tone: "bad", about: about(id), link: linkTo(id) });
  } catch (problem) {
    states.set(id, { isBusy: false, problem, wasLate: false });
    say(() => words().notSent(id, explain(problem).summary), { tone: "bad", about: about(id), link: linkTo(id), stays: true });
  }
}

/** @param {number} id */
const linkTo = (id) => ({ label: () => words().look, href: href("queue", id) });

// Somebody else decides what waits here: then it is theirs.
on("decision", (/** @type {Incident} */ decided) => {
  unsay(takenBack(decided.id));
  if (states.get(decided.id)?.problem) {
    states.delete(decided.id);
    unsay(about(decided.id));
  }
  if (!cancel(decided.id)) return;
  states.set(decided.id, { isBusy: false, problem: null, wasLate: true });
  say(() => words().fasterAt(decided.id, decider(decided)), { tone: "bad", about: about(decided.id), link: linkTo(decided.id) });
});

/** Who decided. @param {Incident} incident */
function decider({ decided_by }) {
  const w = words();
  if (decided_by === null) return w.policy;
  return decided_by === who()?.user ? w.you : w.other(short(decided_by));
}

/**
 * The bar, or what was decided.
 * @param {Incident} incident
 * @param {{ isReadable: boolean, onDecide: (decision: Decision) => void, onReopen: () => void, onLeaveNote: () => void }} given
 */
export function decisionBar(incident, { isReadable, onDecide, onReopen, onLeaveNote }) {
  const w = words();
  const state = states.get(incident.id);
  const note = noteOf(incident.id);
  const waiting = waitingFor(incident.id);
  if (incident.status !== "open") {
    const name = decider(incident);
    return html`<section class="card" aria-label=${w.heading}>
      <p role="status">${state?.wasLate ? w.faster(name, called("status", incident.status)) : w.by(called("status", incident.status), name)}</p>
      ${incident.note ? html`<figure><figcaption class="small quiet">${w.noteBy(name)}</figcaption><blockquote class="message-text">${incident.note}</blockquote></figure>` : nothing}
      ${note ? html`<label>${w.copy}<textarea readonly .value=${note}></textarea></label>` : nothing}
      ${reopening(incident, onReopen)}
    </section>`;
  }
  if (waiting) {
    return html`<section class="card" aria-label=${w.heading}>
      <p><strong>${w.will[nameOf(incident, waiting.decision)](incident.id)}</strong></p><p class="quiet" aria-hidden="true">${w.inSeconds(secondsLeft(waiting.countdown))}</p>
      <div class="actions"><button class="primary" @click=${() => takeBack(incident.id)}>${w.undo} <kbd>Z</kbd></button>
        <button @click=${() => { unsay(about(incident.id)); void sendNow(incident.id); redraw(); }}>${w.now}</button></div>
    </section>`;
  }
  const keys = { uphold: "U", dismiss: "D", remove: "X" };
  const isHeld = nameOf(incident, "dismiss") === "deliver";
  const hints = { uphold: isHeld ? w.withholdHint : w.upholdHint, dismiss: isHeld ? w.deliverHint : w.dismissHint, remove: w.removeHint };
  /** @param {KeyboardEvent} event */
  const noteKey = (event) => {
    if (event.isComposing || event.repeat) return;
    const isDone = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (event.key !== "Escape" && !isDone) return;
    event.preventDefault();
    event.stopPropagation();
    onLeaveNote();
    if (isDone) onDecide("uphold");
  };
  return html`<section class="card" aria-labelledby="decide">
    <h3 id="decide">${w.heading}</h3>
    ${isHeld ? html`<p>${w.held}</p>` : nothing}
    <label>${w.note} <textarea id="note" maxlength="2000" rows="1" aria-describedby="note-hint" .value=${live(note)} @keydown=${noteKey} @input=${(/** @type {InputEvent} */ event) => keepNote(incident.id, /** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea></label>
    <p class="hint by-keys" id="note-hint">${w.noteHint}</p>
    ${state?.problem ? failure(state.problem) : nothing}
    <div class="actions">${possible(incident).map((decision) => html`<button
      class=${decision === "uphold" ? "primary" : decision === "remove" ? "danger" : ""} ?disabled=${state?.isBusy || !isReadable} aria-describedby="hint-${decision}" @click=${() => onDecide(decision)}>
      ${w[nameOf(incident, decision)]} <kbd>${keys[decision]}</kbd></button>`)}</div>
    ${possible(incident).map((decision) => html`<p class="hint" id="hint-${decision}"><strong>${w[nameOf(incident, decision)]}</strong> – ${hints[decision]}</p>`)}
  </section>`;
}
