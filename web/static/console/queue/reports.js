// Who reported a message, and why.

import { ago, dateTime, dictionary, plural } from "../../shared/language.js";
import { html, nothing } from "../../shared/lit.js";
import { person } from "../people/person.js";

/** @typedef {import("./list.js").Incident} Incident */

const words = dictionary(
  {
    by: "Reported by", count: (/** @type {number} */ n) => `Reported by ${plural(n, "participant", "participants")}`,
    more: (/** @type {number} */ n) => `The first reports are shown, and ${plural(n, "more was", "more were")} made.`,
    hidden: "Who reported it is not shown: the message is your own.", noReason: "No reason was given.",
  },
  {
    by: "Signalé par", count: (n) => `Signalé par ${plural(n, "participant", "participants")}`,
    more: (n) => `Seuls les premiers signalements sont affichés ; il y en a ${plural(n, "autre", "autres")}.`,
    hidden: "Les auteurs des signalements ne sont pas indiqués : c’est votre propre message.", noReason: "Aucun motif n’est indiqué.",
  },
);

/** @param {Incident} incident */
export function reportList({ reports, report_count }) {
  const w = words();
  if (!report_count) return nothing;
  const more = report_count - reports.length;
  return html`<p><strong>${w.count(report_count)}</strong></p>
    ${reports.length ? html`<ul class="plain">${reports.map(({ user_id, reason, created_at }) => html`<li>
      <div class="small quiet">${w.by} ${person(user_id)} · <time datetime=${created_at} title=${dateTime(created_at)}>${ago(created_at)}</time></div>
      <blockquote class="message-text">${reason || w.noReason}</blockquote></li>`)}</ul>` : html`<p class="quiet">${w.hidden}</p>`}
    ${reports.length && more > 0 ? html`<p class="quiet small">${w.more(more)}</p>` : nothing}`;
}
