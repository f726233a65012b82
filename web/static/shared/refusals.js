// What signing in with an account is refused for, in the words of these pages. The identity provider's own text is never
// shown: it also comes in addresses, which anybody can write.

import { Told } from "./errors.js";
import { dictionary } from "./language.js";

const words = dictionary(
  {
    credentials: "The e-mail address or the password is not right.",
    unconfirmed: "This e-mail address is not confirmed yet. Open the link of the confirmation mail first.",
    expired: "This link has expired or was used already. Ask for a new one.",
    otherBrowser: "Open the link in the browser in which you asked for it, or ask for a new one.",
    often: "That was tried too often. Wait a few minutes, then try again.",
    unknown: "No link can be sent to this address. Is it the one of your account?",
    input: "Enter the e-mail address and the password of your account.",
    blocked: "This account is blocked. Ask whoever manages the accounts.",
    broken: "The sign-in service has a problem. Try again in a few minutes.",
    away: "The sign-in service cannot be reached. Try again in a moment.",
    other: "Signing in did not work. Try again, or ask for a new link.",
  },
  {
    credentials: "L’adresse e-mail ou le mot de passe est incorrect.",
    unconfirmed: "Cette adresse e-mail n’est pas encore confirmée. Ouvrez d’abord le lien reçu par e-mail.",
    expired: "Ce lien a expiré ou a déjà servi. Demandez-en un nouveau.",
    otherBrowser: "Ouvrez le lien dans le navigateur où vous l’avez demandé, ou demandez-en un nouveau.",
    often: "Trop de tentatives. Patientez quelques minutes, puis réessayez.",
    unknown: "Aucun lien ne peut être envoyé à cette adresse. Est-ce bien celle de votre compte ?",
    input: "Saisissez l’adresse e-mail et le mot de passe de votre compte.",
    blocked: "Ce compte est bloqué. Adressez-vous à la personne qui gère les comptes.",
    broken: "Le service de connexion rencontre un problème. Réessayez dans quelques minutes.",
    away: "Le service de connexion est injoignable. Réessayez dans un instant.",
    other: "La connexion n’a pas abouti. Réessayez, ou demandez un nouveau lien.",
  },
);

/** Codes of Supabase Auth and of OAuth (RFC 6749, section 4.1.2.1). @type {Map<string, keyof ReturnType<typeof words>>} */
const SENTENCES = new Map(/** @type {[string, keyof ReturnType<typeof words>][]} */ ([
  ["invalid_credentials", "credentials"], ["email_not_confirmed", "unconfirmed"], ["otp_expired", "expired"], ["session_expired", "expired"],
  ["flow_state_expired", "expired"], ["flow_state_not_found", "otherBrowser"], ["bad_code_verifier", "otherBrowser"],
  ["pkce_code_verifier_not_found", "otherBrowser"],
  ["over_email_send_rate_limit", "often"], ["over_request_rate_limit", "often"], ["otp_disabled", "unknown"], ["signup_disabled", "unknown"],
  ["user_not_found", "unknown"], ["email_address_invalid", "unknown"], ["email_address_not_authorized", "unknown"], ["validation_failed", "input"],
  ["user_banned", "blocked"], ["unexpected_failure", "broken"], ["server_error", "broken"], ["temporarily_unavailable", "broken"],
]));

/** The failure that a code stands for. @param {string | null | undefined} code @param {unknown} [cause] */
export const refusal = (code, cause) => new Told(() => words()[SENTENCES.get(code ?? "") ?? "other"], cause);

/**
 * The failure that the library of the identity provider reports.
 * @param {{ code?: string, status?: number }} error
 */
export function refusalOf(error) {
  if (!error.status) return new Told(() => words().away, error);
  if (error.status === 429) return refusal("over_request_rate_limit", error);
  return refusal(error.code ?? (error.status >= 500 ? "server_error" : null), error);
}
