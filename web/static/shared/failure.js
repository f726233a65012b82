// What went wrong, said to a person, with a way to try again.

import { ApiError } from "./api.js";
import { dictionary } from "./language.js";
import { html, nothing } from "./lit.js";

const words = dictionary(
  {
    away: "The server cannot be reached. What you typed is still here; try again in a moment.",
    busy: (/** @type {number | null} */ wait) => `Too many requests. Try again in ${wait ?? 1} s.`,
    stale: "Somebody else was faster.",
    forbidden: "You may not do this.",
    gone: "It is not there any more.",
    invalid: "The server does not accept this.",
    failed: "That did not work.",
    retry: "Try again",
  },
  {
    away: "Le serveur est injoignable. Ce que vous avez écrit est conservé ; réessayez dans un instant.",
    busy: (wait) => `Trop de requêtes. Réessayez dans ${wait ?? 1} s.`,
    stale: "Quelqu’un a été plus rapide.",
    forbidden: "Vous n’avez pas le droit de faire cela.",
    gone: "Cet élément n’existe plus.",
    invalid: "Le serveur n’accepte pas cela.",
    failed: "Cela n’a pas fonctionné.",
    retry: "Réessayer",
  },
);

/**
 * A sentence in the reader's language, and the server's own where it says more.
 * @param {unknown} error
 * @returns {{ summary: string, detail: string | null }}
 */
export function explain(error) {
  if (!(error instanceof ApiError)) return { summary: words().failed, detail: error instanceof Error ? error.message : String(error) };
  const { status, message, retryAfter } = error;
  if (status === 0) return { summary: words().away, detail: null };
  if (status === 429) return { summary: words().busy(retryAfter), detail: null };
  if (status === 409) return { summary: words().stale, detail: message };
  if (status === 403) return { summary: words().forbidden, detail: message };
  if (status === 404) return { summary: words().gone, detail: message };
  if (status === 400 || status === 422) return { summary: words().invalid, detail: message };
  return { summary: words().failed, detail: message };
}

/**
 * A notice that a screen reader says at once.
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function failure(error, retry) {
  const { summary, detail } = explain(error);
  return html`<div class="notice bad" role="alert">
    <div><strong>${summary}</strong>${detail ? html`<p>${detail}</p>` : nothing}</div>
    ${retry ? html`<button type="button" @click=${retry}>${words().retry}</button>` : nothing}
  </div>`;
}
