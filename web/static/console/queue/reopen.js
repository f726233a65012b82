// Taking back a decision that was sent: by who decided, or by an admin. What it did stays done, and it stays on record.

import { request } from "../../shared/api.js";
import { ask } from "../../shared/dialog.js";
import { dateTime, dictionary } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { who } from "../../shared/session.js";
import { say } from "../../shared/toast.js";
import { actor } from "../people/person.js";
import { badge, short } from "../words.js";

/** @typedef {import("./list.js").Incident} Incident */
/** @typedef {import("../../../types/api").components["schemas"]["IncidentDetail"]} IncidentDetail */

const words = dictionary(
  {
    reopen: "Reopen…", sure: (/** @type {number} */ id) => `Reopen incident ${id}?`, confirm: "Reopen", cancel: "Cancel", note: "Why, for other moderators",
    text: "The incident waits to be decided again. The decision stays on record.",
    done: {
      upheld: "The strike goes on counting until it is decided again.", dismissed: "The strike that was taken back counts again. A ban that was lifted stays lifted.",
      released: "The message was delivered and stays delivered: remove it to take it away.", removed: "The message was removed and stays removed.", open: "",
    },
    reopened: (/** @type {number} */ id) => `Incident ${id} is open again.`,
    onlyThey: (/** @type {string} */ id) => `Only moderator ${id} or an admin can reopen it.`, onlyAdmins: "Only an admin can reopen it.",
    own: "This is about your own message: another moderator decides.",
    history: "Earlier decisions", again: "Reopened", byReport: "by another report",
  },
  {
    reopen: "Rouvrir…", sure: (id) => `Rouvrir l’incident ${id} ?`, confirm: "Rouvrir", cancel: "Abandonner", note: "Pourquoi, pour les autres modérateurs",
    text: "L’incident attendra une nouvelle décision. La décision prise reste dans l’historique.",
    done: {
      upheld: "L’avertissement continue de compter jusqu’à la nouvelle décision.",
      dismissed: "L’avertissement retiré compte de nouveau. Un bannissement levé le reste.",
      released: "Le message a été remis et le reste : supprimez-le pour le retirer.", removed: "Le message a été supprimé et le reste.", open: "",
    },
    reopened: (id) => `L’incident ${id} est de nouveau à traiter.`,
    onlyThey: (id) => `Seuls le modérateur ${id} et les administrateurs peuvent le rouvrir.`, onlyAdmins: "Seul un administrateur peut le rouvrir.",
    own: "Il s’agit de votre propre message : un autre modérateur décide.",
    history: "Décisions précédentes", again: "Rouvert", byReport: "par un autre signalement",
  },
);

/** Whether the person here may reopen it. @param {Incident} incident */
const mayReopen = ({ decided_by, user_id }) => user_id !== who()?.user && (who()?.role === "admin" || decided_by === who()?.user);

/**
 * Asks why, and takes the decision back.
 * @param {Incident} incident
 * @param {(reopened: Incident) => void} settled
 */
export async function reopen(incident, settled) {
  if (incident.status === "open" || !mayReopen(incident)) return;
  const w = words();
  const { id } = incident;
  /** @type {Incident | null} */
  let reopened = null;
  await ask({
    title: w.sure(id), confirm: w.confirm, cancel: w.cancel,
    body: () => html`<p>${w.text} ${w.done[incident.status]}</p><label>${w.note}<textarea name="note" maxlength="2000"></textarea></label>`,
    submit: async (form) => {
      reopened = await request("POST", `/moderation/incidents/${id}/reopen`, { body: { note: String(form.get("note")).trim() || null } });
    },
  });
  if (!reopened) return;
  settled(reopened);
  say(() => words().reopened(id), { about: `incident ${id}` });
}

/** The button, or who else can. @param {Incident} incident @param {() => void} onReopen */
export function reopening(incident, onReopen) {
  const w = words();
  if (mayReopen(incident)) return html`<div><button @click=${onReopen}>${w.reopen} <kbd>O</kbd></button></div>`;
  const { decided_by, user_id } = incident;
  return html`<p class="hint">${user_id === who()?.user ? w.own : decided_by === null ? w.onlyAdmins : w.onlyThey(short(decided_by))}</p>`;
}

/** What was decided before, the newest first. @param {IncidentDetail["history"]} history */
export function decidedBefore(history) {
  const w = words();
  if (!history.length) return nothing;
  return html`<details><summary>${w.history}</summary><ul class="people">${history.toReversed().map(({ at, by, status, note }) => html`<li>
    <span class="row">${status === "open" ? html`<span class="badge warn">${w.again}</span>` : badge("status", status)}
      <span class="small quiet">${status === "open" && by === null ? w.byReport : actor(by)} · <time datetime=${at}>${dateTime(at)}</time></span></span>
    ${note ? html`<blockquote class="message-text">${note}</blockquote>` : nothing}</li>`)}</ul></details>`;
}

