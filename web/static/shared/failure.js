// What went wrong, said to a person, with a way to try again.

import { ApiError, Told } from "./errors.js";
import { dictionary } from "./language.js";
import { html, nothing } from "./lit.js";
import { translated } from "./sentences.js";

const words = dictionary(
  {
    away: "The server cannot be reached. What you typed is still here; try again in a moment.",
    busy: (/** @type {number | null} */ wait) => `Too many requests. Try again in ${wait ?? 1} s.`,
    stale: "This is not possible as things stand now.",
    forbidden: "You may not do this.",
    gone: "It is not there any more.",
    invalid: "The server does not accept this.",
    failed: "That did not work.",
    fault: "Something in this page went wrong. Load the page again; notes and drafts are kept.",
    retry: "Try again",
  },
  {
    away: "Le serveur est injoignable. Ce que vous avez écrit est conservé ; réessayez dans un instant.",
    busy: (wait) => `Trop de requêtes. Réessayez dans ${wait ?? 1} s.`,
    stale: "Ce n’est pas possible en l’état actuel.",
    forbidden: "Vous n’avez pas le droit de faire cela.",
    gone: "Cet élément n’existe plus.",
    invalid: "Le serveur n’accepte pas cela.",
    failed: "Cela n’a pas fonctionné.",
    fault: "Une erreur s’est produite dans cette page. Rechargez-la ; les notes et les brouillons sont conservés.",
    retry: "Réessayer",
  },
);

/**
 * A sentence in the reader's language, and the server's own where it says more.
 * @param {unknown} error
 * @returns {{ summary: string, detail: string | null, lang?: string }} `lang` is the detail's language
 */
export function explain(error) {
  if (error instanceof Told) return { summary: error.sentence(), detail: null };
  if (!(error instanceof ApiError)) {
    report(error);
    return { summary: words().fault, detail: null };
  }
  const { status, message, retryAfter } = error;
  if (status === 0) return { summary: words().away, detail: null };
  if (status === 429) return { summary: words().busy(retryAfter), detail: null };
  const { text: detail, lang } = translated(message);
  if (status === 409) return { summary: words().stale, detail, lang };
  if (status === 403) return { summary: words().forbidden, detail, lang };
  if (status === 404) return { summary: words().gone, detail, lang };
  if (status === 400 || status === 422) return { summary: words().invalid, detail, lang };
  return { summary: words().failed, detail, lang };
}

/** Faults that developers have been told of: a page is drawn often. @type {WeakSet<object>} */
const reported = new WeakSet();

/** Tells developers of a fault, whose text is of no use to people. @param {unknown} fault */
function report(fault) {
  const known = fault instanceof Error ? fault : new Error(String(fault));
  if (reported.has(known)) return;
  reported.add(known);
  console.error(known);
}

/**
 * A notice that a screen reader says at once.
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function failure(error, retry) {
  const { summary, detail, lang } = explain(error);
  return html`<div class="notice bad" role="alert">
    <div><strong>${summary}</strong>${detail ? html`<p lang=${lang ?? nothing}>${detail}</p>` : nothing}</div>
    ${retry ? html`<button type="button" @click=${retry}>${words().retry}</button>` : nothing}
  </div>`;
}
