// A moderator's day, from signing in to the ban that is lifted.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chat, letIn, open, page } from "./browser.mjs";
import { start, USERS } from "./server.mjs";

let browser;
before(async () => {
  browser = await open();
});
after(async () => {
  await browser?.close();
});

/** What the console says, by language. */
const SAYS = {
  "en-GB": {
    queue: "Queue", incidents: "Incidents", fromThis: "Write a rule from this", fresh: "New rule", mustMatch: "Must be caught", name: "Name",
    terms: "Words and phrases", category: "Category", block: /^Block/, thisRule: "this rule",
    backtest: "Run the back-test", newly: "Newly caught", shadow: "Put in the shadow", live: "Publish live", saved: "Saved: Live.", blocked: /Block/,
    note: /^Note/, uphold: /^Uphold/, upheld: /Incident \d+: upheld\./,
    ban: /^Ban…/, banThis: "Ban this person", span: "For how long", reason: "Reason", until: /Banned until/, undo: "Undo", again: "Ban again",
    lifted: "The ban is lifted.", people: "People", lift: /^Lift the ban/, nobody: "Nobody is banned.",
    audit: "Audit log", liftedBan: /lifted a ban/,
  },
  "fr-FR": {
    queue: "File d’attente", incidents: "Incidents", fromThis: "En faire une règle", fresh: "Nouvelle règle", mustMatch: "Doit être attrapé", name: "Nom",
    terms: "Mots et expressions", category: "Catégorie", block: /^Bloquer/, thisRule: "cette règle",
    backtest: "Lancer le test", newly: "Nouvellement attrapés", shadow: "Mettre à l’essai", live: "Mettre en vigueur", saved: "Enregistré : En vigueur.",
    blocked: /Bloqué/, note: /^Note/, uphold: /^Confirmer/, upheld: /Incident \d+\s: confirmé\./,
    ban: /^Bannir…/, banThis: "Bannir cette personne", span: "Pour combien de temps", reason: "Motif", until: /Bannissement jusqu’au/, undo: "Annuler",
    again: "Bannir à nouveau", lifted: "Le bannissement est levé.", people: "Personnes", lift: /^Lever le bannissement/, nobody: "Personne n’est banni.",
    audit: "Journal d’audit", liftedBan: /a levé un bannissement/,
  },
};

/** A rule is tried while it is typed, also before it is complete. */
const UNFINISHED = /status of 422/;
const SCAM = "On se voit demain au coupon zorglubique, rue Verte";

for (const [locale, says] of Object.entries(SAYS)) test(`a scam is reported, becomes a rule, and the scammer is stopped (${locale})`, async (context) => {
  const server = await start();
  context.after(() => server.stop());
  const bob = await chat(browser, server, "bob");
  assert.equal((await bob.say(SCAM)).confirmed, true);
  const { messages } = await server.tell("alice", "GET", "/rooms/1");
  await server.tell("alice", "POST", "/reports", { room_id: 1, message_id: messages.at(-1).id, reason: "He wants a voucher first" });

  const { page: tab, troubles, hosts } = await page(browser, { locale, expected: UNFINISHED });
  await letIn(tab, server);
  await tab.goto(`${server.base}/console`);
  await tab.getByRole("button", { name: "moderator" }).click();
  await tab.getByRole("heading", { level: 1, name: says.queue }).waitFor();
  await tab.getByRole("region", { name: says.incidents }).getByRole("link", { name: SCAM }).click();
  await tab.getByText("He wants a voucher first").waitFor();

  // The rule, from the message.
  await tab.getByRole("button", { name: says.fromThis }).click();
  await tab.getByRole("heading", { level: 1, name: says.fresh }).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: says.mustMatch }).inputValue(), SCAM);
  await tab.getByRole("textbox", { name: says.name, exact: true }).fill("Vouchers of Zorglub");
  await tab.getByRole("textbox", { name: says.terms }).fill("coupon zorglubique");
  await tab.getByRole("combobox", { name: says.category }).selectOption("scam");
  await tab.getByRole("radio", { name: says.block }).check();
  await tab.getByText(says.thisRule, { exact: true }).first().waitFor();

  // What it would have done, without doing it.
  await tab.getByRole("button", { name: says.backtest }).click();
  await tab.getByText(says.newly).first().waitFor();
  await tab.getByRole("button", { name: says.shadow }).click();
  await tab.getByRole("heading", { level: 1, name: "Vouchers of Zorglub" }).waitFor();
  assert.equal((await bob.say(SCAM)).confirmed, true, "the shadow stops nobody");
  await tab.getByRole("button", { name: says.live }).click();
  await tab.getByText(says.saved).waitFor();
  await bob.say(SCAM);
  assert.equal((await bob.closed()).code, 4011);

  // What it caught, decided.
  await tab.getByRole("navigation").getByRole("link", { name: says.queue }).click();
  await tab.getByRole("region", { name: says.incidents }).getByRole("link", { name: says.blocked }).first().click();
  await tab.getByRole("link", { name: "Vouchers of Zorglub" }).waitFor();
  await tab.getByRole("textbox", { name: says.note }).fill("The third this week");
  const caught = tab.url().match(/queue\/(\d+)/)[1];
  await tab.getByRole("button", { name: says.uphold }).click();
  await tab.getByText(says.upheld).waitFor();
  const decided = await server.tell("moderator", "GET", `/moderation/incidents/${caught}`);
  assert.deepEqual([decided.status, decided.note], ["upheld", "The third this week"]);

  // Kept out, and let in again.
  const held = await chat(browser, server, "bob");
  await tab.getByRole("button", { name: says.ban }).click();
  const dialog = tab.getByRole("dialog", { name: says.banThis });
  await dialog.getByRole("combobox", { name: says.span }).selectOption("week");
  await dialog.getByRole("textbox", { name: says.reason }).fill("Scams");
  await dialog.getByRole("button", { name: says.banThis }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal((await held.closed()).code, 4005);
  assert.equal((await server.ask("bob", "GET", "/rooms")).status, 403);
  await tab.getByText(says.until).first().waitFor();
  await tab.getByRole("button", { name: says.undo }).last().click();
  await tab.getByText(says.lifted).first().waitFor();
  assert.equal((await server.ask("bob", "GET", "/rooms")).status, 200);
  await server.tell("moderator", "POST", "/moderation/bans", { user_id: USERS.bob[0], reason: "Scams after all", expires_at: null });
  await tab.getByRole("navigation").getByRole("link", { name: says.people }).click();
  await tab.getByRole("button", { name: says.lift }).click();
  await tab.getByRole("button", { name: says.again }).waitFor();
  await tab.getByText(says.nobody).waitFor();
  assert.equal((await server.ask("bob", "GET", "/rooms")).status, 200);

  // Everything is in the log.
  await tab.getByRole("navigation").getByRole("link", { name: says.audit }).click();
  await tab.getByRole("heading", { level: 1, name: says.audit }).waitFor();
  await tab.getByRole("row", { name: says.liftedBan }).first().waitFor();
  assert.deepEqual(troubles, []);
  assert.equal(hosts.size, 1, `asked ${[...hosts]}`);
});
