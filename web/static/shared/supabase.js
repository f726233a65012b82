// Signing in with a Supabase account. The library is loaded only where a project is set, and keeps its session in this tab.

import { ApiError } from "./errors.js";
import { signIn, who } from "./session.js";

/** @typedef {import("@supabase/supabase-js").SupabaseClient} SupabaseClient */

const LIBRARY = "/web/vendor/supabase-js/supabase.js";

const TAB = "plic.tab";
const VERIFIER = "-code-verifier";

/** Whether a mailed link leads here. */
const isByLink = new URLSearchParams(location.search).has("code");

/** @type {Promise<SupabaseClient> | null} */
let client = null;
/** The policy may be made once. @type {{ createScriptURL: (address: string) => any } | undefined} */
let policy;

/**
 * Tokens stay in this tab. The secret of a link that was asked for is no token, holds once, and must be found by the new
 * tab in which the mail program opens the link.
 * @param {string} key
 * @returns {[Storage, string]}
 */
const place = (key) => (key.endsWith(VERIFIER) ? [localStorage, `plic${VERIFIER}`] : [sessionStorage, key]);
const storage = {
  getItem(/** @type {string} */ key) {
    const [where, name] = place(key);
    return where.getItem(name);
  },
  setItem(/** @type {string} */ key, /** @type {string} */ value) {
    const [where, name] = place(key);
    where.setItem(name, value);
  },
  removeItem(/** @type {string} */ key) {
    const [where, name] = place(key);
    where.removeItem(name);
  },
};

/**
 * The library tells its sessions to all tabs that use the same name, and a session is renewed once: each tab has its
 * own. A tab that was made as the copy of another has that one's name, and begins with a new one.
 */
async function storageKey() {
  const known = sessionStorage.getItem(TAB);
  const tab = known && (await isOurs(known)) ? known : crypto.randomUUID();
  if (tab !== known) void isOurs(tab);
  sessionStorage.setItem(TAB, tab);
  return `plic.supabase.${tab}`;
}

/** Takes the name for as long as this tab lives, where no other has it. @param {string} tab @returns {Promise<boolean>} */
function isOurs(tab) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((answer) => {
    void navigator.locks.request(`${TAB}.${tab}`, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

/**
 * The client of this project; whoever it signs in, also by a link that was mailed, is signed in here.
 * @param {{ url: string, anon_key: string }} project
 */
export function supabase(project) {
  client ??= Promise.all([load(), storageKey()]).then(async ([createClient, storageKey]) => {
    const made = createClient(project.url, project.anon_key, {
      // A link comes back with a code that holds once, never with a token in the address (RFC 7636).
      auth: { flowType: "pkce", storage, storageKey, autoRefreshToken: true, detectSessionInUrl: true },
    });
    made.auth.onAuthStateChange((_, session) => {
      // Whoever pasted a token, or is there to try, is not sent away for an account that was here before.
      if (session && (isByLink || !who() || who()?.source === "supabase")) take(session);
    });
    return made;
  });
  client.catch(() => {
    client = null;
  });
  return client;
}

/** Signs in as whom the project names. @param {import("@supabase/supabase-js").Session} session */
export const take = ({ access_token, user }) => signIn(access_token, "supabase", user.email ?? null);

/** Another token for whoever is signed in, or `null`. */
export async function renewed() {
  if (!client) return null;
  const { data } = await (await client).auth.refreshSession();
  return data.session?.access_token ?? null;
}

/** Forgets whoever is signed in, here and at the project. */
export async function signedOut() {
  if (client) await (await client).auth.signOut({ scope: "local" });
}

/**
 * The library is a classic script, whose address must be one that the policy of the page knows.
 * @returns {Promise<typeof import("@supabase/supabase-js").createClient>}
 */
function load() {
  const script = document.createElement("script");
  policy ??= /** @type {any} */ (window).trustedTypes?.createPolicy("supabase-script", { createScriptURL: () => LIBRARY });
  script.src = policy?.createScriptURL("") ?? LIBRARY;
  return new Promise((resolve, reject) => {
    script.onload = () => resolve(/** @type {any} */ (window).supabase.createClient);
    script.onerror = () => {
      script.remove();
      reject(new ApiError(0, "supabase.js"));
    };
    document.head.append(script);
  });
}
