// A server and a browser for one test file, which are gone when it ends, and what most files begin with.

import { after } from "node:test";

import { chat, open } from "./browser.mjs";
import { start, termsRule } from "./server.mjs";

/** Starts both. */
export async function lab() {
  const [server, browser] = await Promise.all([start(), open()]);
  after(async () => {
    await browser.close();
    await server.stop();
  });
  return { server, browser };
}

/** Waits until the open incident can be decided: it was in sight long enough to be read. */
export const decidable = (tab) => tab.locator(".queue-detail button:not([disabled])").filter({ hasText: /^\s*(Uphold|Confirmer)/ }).waitFor();

/** Makes incidents: bob says `frobnicate …` with each of these words, which a rule flags. Answers with bob. */
export async function frobnicate({ server, browser }, words) {
  await server.tell("moderator", "POST", "/moderation/rules", termsRule("Frobs", ["frobnicate"]));
  const bob = await chat(browser, server, "bob");
  for (const word of words) await bob.say(`frobnicate ${word}`);
  return bob;
}
