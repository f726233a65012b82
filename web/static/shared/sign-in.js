// Signing in: by Supabase, as a demo user, with a token.

import { failure } from "./failure.js";
import { dictionary } from "./language.js";
import { html, nothing } from "./lit.js";
import { redraw } from "./redraw.js";
import { now } from "./clock.js";
import { refusal, refusalOf } from "./refusals.js";
import { claims, renewWith, signIn } from "./session.js";
import { renewed, signedOut, supabase, take } from "./supabase.js";
import { codeNotice, onCode, readWays } from "./ways-in.js";

/** @typedef {import("./ways-in.js").WaysIn} WaysIn */

const words = dictionary(
  {
    demo: "Try it as", token: "Access token", tokenHint: "It stays in this tab.", signIn: "Sign in", notAToken: "This is no access token.",
    email: "E-mail", password: "Password", withPassword: "Sign in", magic: "Mail me a link instead", sent: "Look into your mailbox: the link signs you in.",
    account: "With your account", orToken: "With an access token", ended: "This token has already ended.",
  },
  {
    demo: "Essayer en tant que", token: "Jeton d’accès", tokenHint: "Il reste dans cet onglet.", signIn: "Se connecter",
    notAToken: "Ce n’est pas un jeton d’accès.",
    email: "E-mail", password: "Mot de passe", withPassword: "Se connecter", magic: "Recevoir plutôt un lien par e-mail",
    sent: "Regardez votre messagerie : le lien vous connecte.",
    account: "Avec votre compte", orToken: "Avec un jeton d’accès", ended: "Ce jeton a déjà expiré.",
  },
);

/** What a mailed link is refused for: read before the address of a view takes its place. */
const refusedLink = takeRefusal();

/** @type {WaysIn | null} */
let ways = null;
/** @type {unknown} */
let problem = null;
/** What is wrong with the pasted token. @type {"notAToken" | "ended" | null} */
let refused = null;
let isSent = false;
let isBusy = false;

/**
 * Reads the error that a link comes back with (RFC 6749, section 4.1.2.1), and takes it out of the address. Its
 * `error_description` is not shown: whoever makes a link writes it.
 */
function takeRefusal() {
  const parameters = [new URLSearchParams(location.search), new URLSearchParams(location.hash.slice(1))];
  const code = parameters.map((each) => each.get("error_code") || each.get("error")).find(Boolean) ?? null;
  if (code !== null || parameters.some((each) => each.has("error_description"))) history.replaceState(null, "", location.pathname);
  return code;
}

/** @returns {Promise<WaysIn>} */
const read = async () => (ways = await readWays());

renewWith("demo", async (name) => (await read()).demo?.find((user) => user.name === name)?.token ?? null);
renewWith("supabase", renewed);

/** Reads the ways in, and signs in as the demo user that the address names (`?as=moderator`). */
async function begin() {
  problem = null;
  try {
    const { supabase: project, demo } = await read();
    const as = new URLSearchParams(location.search).get("as");
    const user = demo?.find(({ name }) => name === as);
    if (user) {
      history.replaceState(null, "", location.pathname + location.hash);
      signIn(user.token, "demo", user.name);
    }
    if (project) {
      const { error } = await (await supabase(project)).auth.initialize();
      if (error) problem = refusalOf(error);
    }
    if (refusedLink) problem = refusal(refusedLink);
  } catch (error) {
    problem = error;
  }
  redraw();
}

onCode(begin);
void begin();

/** Signs out of Supabase too. */
export { signedOut };

/**
 * The form; whoever signs in is then `who()`.
 * @param {readonly string[]} [roles] of the demo users to offer
 */
export function signInForm(roles = ["moderator", "admin"]) {
  const w = words();
  const demo = ways?.demo?.filter(({ role }) => roles.includes(role)) ?? [];
  return html`<div class="stack">
    ${problem ? failure(problem, ways ? undefined : begin) : nothing}
    ${ways?.needs_code ? codeNotice() : nothing}
    ${demo.length ? html`<fieldset><legend>${w.demo}</legend><div class="row">
      ${demo.map(({ name, token }) => html`<button type="button" @click=${() => signIn(token, "demo", name)}>${name}</button>`)}
    </div></fieldset>` : nothing}
    ${ways?.supabase ? accountForm(ways.supabase) : nothing}
    <form class="stack" @submit=${withToken}>
      ${ways?.supabase ? html`<h2>${w.orToken}</h2>` : nothing}
      <label>${w.token}<input name="token" type="password" autocomplete="off" required spellcheck="false" aria-describedby="token-hint"></label>
      <p class="hint" id="token-hint">${w.tokenHint}</p>
      ${refused ? html`<p class="notice bad" role="alert">${w[refused]}</p>` : nothing}
      <button class=${ways?.supabase ? "" : "primary"}>${w.signIn}</button>
    </form>
  </div>`;
}

/** @param {SubmitEvent} event */
function withToken(event) {
  event.preventDefault();
  const token = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("token")).trim();
  const known = claims(token);
  refused = !known ? "notAToken" : known.expires <= now() ? "ended" : null;
  if (!refused) signIn(token, "token");
  redraw();
}

/** @param {NonNullable<WaysIn["supabase"]>} project */
function accountForm(project) {
  const w = words();
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target), event.submitter);
    const email = String(form.get("email"));
    isBusy = true;
    isSent = false;
    problem = null;
    redraw();
    try {
      const { auth } = await supabase(project);
      const isLink = form.has("link");
      const { data, error } = isLink
        ? await auth.signInWithOtp({ email, options: { shouldCreateUser: false, emailRedirectTo: location.origin + location.pathname } })
        : await auth.signInWithPassword({ email, password: String(form.get("password")) });
      if (error) throw refusalOf(error);
      if (data.session) take(data.session);
      isSent = isLink;
    } catch (error) {
      problem = error;
    }
    isBusy = false;
    redraw();
  };
  return html`<form class="stack" @submit=${submit} novalidate>
    <h2>${w.account}</h2>
    <label>${w.email}<input name="email" type="email" autocomplete="username" required></label>
    <label>${w.password}<input name="password" type="password" autocomplete="current-password"></label>
    ${isSent ? html`<p class="notice good" role="status">${w.sent}</p>` : nothing}
    <div class="row"><button class="primary" ?disabled=${isBusy}>${w.withPassword}</button><button class="link" name="link" value="1" ?disabled=${isBusy}>${w.magic}</button></div>
  </form>`;
}
