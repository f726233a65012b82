// Where one can go in the console, and a server with something to show in every place.

import { chat } from "./browser.mjs";
import { termsRule, USERS } from "./server.mjs";

export const VIEWS = ["queue", "queue/1", "rules", "rules/new", "rules/1", "people", `people/${USERS.bob[0]}`, "rooms", "rooms/1", "audit", "numbers", "settings"];

/** Makes rules, messages, incidents that are open and decided, a report and a ban. */
export async function fill(browser, server) {
  await server.tell("moderator", "POST", "/moderation/rules", termsRule("Keys through a middleman", ["keybunker"]));
  await server.tell("moderator", "POST", "/moderation/rules", termsRule("Parcels of keys", ["keyparcel"], { action: "hold" }));
  const bob = await chat(browser, server, "bob");
  for (const text of ["Bonjour Alice, la clé est chez la gardienne", "You get the keys through Keybunker, they mail you about the charge", "My lawyer sends the keys by Keyparcel", "À bientôt"]) await bob.say(text);
  for (const text of ["Keybunker has the keys", "Ask Keybunker for the other key"]) await bob.say(text);
  await bob.close();
  const decisions = await server.tell("moderator", "GET", "/moderation/incidents?limit=2");
  for (const [index, { id }] of decisions.entries()) await server.tell("moderator", "POST", `/moderation/incidents/${id}/decision`, { decision: index ? "uphold" : "dismiss", note: null });
  const { messages } = await server.tell("alice", "GET", "/rooms/1");
  await server.tell("alice", "POST", "/reports", { room_id: 1, message_id: messages[0].id, reason: "I do not know him" });
  await server.tell("moderator", "POST", "/moderation/bans", { user_id: "c0ffee00-0000-4000-8000-000000000009", reason: "Scams", expires_at: null });
  await server.tell("moderator", "POST", "/moderation/bans", { user_id: "c0ffee00-ffff-4000-8000-000000000009", reason: "Asks for the deposit outside the site", expires_at: null });
}

/** Waits until a view stands: its heading is there, and nothing is being read any more. */
export async function settled(tab) {
  await tab.getByRole("heading", { level: 1 }).first().waitFor();
  await tab.waitForTimeout(700);
}
