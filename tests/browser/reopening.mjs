// What a decision can be taken back, who reported a message, what becomes of a held one, and who may do what to whom.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";
import { termsRule, USERS } from "./server.mjs";

const { browser, server } = await lab();
const bob = await frobnicate({ browser, server }, []);
await server.tell("moderator", "POST", "/moderation/rules", termsRule("Parcels", ["keyparcel"], { action: "hold" }));

const expected = /status of 4\d\d/;
const incident = (id) => server.tell("moderator", "GET", `/moderation/incidents/${id}`);
const newest = async () => (await server.tell("moderator", "GET", "/moderation/incidents?limit=1"))[0];

async function decided(word, decision, by = "moderator") {
  await bob.say(`frobnicate ${word}`);
  const { id } = await newest();
  await server.tell(by, "POST", `/moderation/incidents/${id}/decision`, { decision, note: "At first" });
  return id;
}

for (const [locale, says] of [
  ["en-GB", { reopen: /^Reopen…/, sure: (id) => `Reopen incident ${id}?`, confirm: "Reopen", why: "Why, for other moderators", open: (id) => `Incident ${id} is open again.`, history: "Earlier decisions" }],
  ["fr-FR", { reopen: /^Rouvrir…/, sure: (id) => new RegExp(`^Rouvrir l’incident ${id}\\s\\?`), confirm: "Rouvrir", why: "Pourquoi, pour les autres modérateurs", open: (id) => `L’incident ${id} est de nouveau à traiter.`, history: "Décisions précédentes" }],
]) {
  test(`who decided reopens it with a note, and decides again (${locale})`, async () => {
    const id = await decided(`again ${locale}`, "uphold");
    const { page: tab, troubles } = await enter(browser, server, { at: `queue/${id}`, locale });
    await tab.getByRole("button", { name: says.reopen }).click();
    const question = tab.getByRole("dialog", { name: says.sure(id) });
    await question.getByRole("textbox", { name: says.why }).fill("It was irony");
    await question.getByRole("button", { name: says.confirm }).click();
    await tab.getByText(says.open(id)).waitFor();
    await decidable(tab);
    assert.equal((await incident(id)).status, "open");
    await tab.getByText(says.history).click();
    await tab.getByText("It was irony").waitFor();
    await tab.getByText("At first").waitFor();
    await tab.keyboard.press("d");
    await tab.locator(".toast .countdown").waitFor();
    await tab.locator(".toast .countdown").waitFor({ state: "detached" });
    // The countdown goes when the decision is sent, not when it is answered.
    for (let asked = 0; asked < 100 && (await incident(id)).status === "open"; asked++) await tab.waitForTimeout(50);
    assert.equal((await incident(id)).status, "dismissed");
    assert.deepEqual(troubles, []);
    await tab.context().close();
  });
}

test("another moderator's decision is reopened by an admin, and the others are told so", async () => {
  const id = await decided("by an admin", "dismiss", "admin");
  const { page: moderator } = await enter(browser, server, { at: `queue/${id}` });
  await moderator.getByText("Only moderator ad000000 or an admin can reopen it.").waitFor();
  assert.equal(await moderator.getByRole("button", { name: /^Reopen/ }).count(), 0);
  await moderator.keyboard.press("o");
  await moderator.waitForTimeout(300);
  assert.equal(await moderator.getByRole("dialog").count(), 0);
  const { page: admin } = await enter(browser, server, { as: "admin", at: `queue/${id}` });
  await admin.keyboard.press("o");
  await admin.getByRole("dialog").getByRole("button", { name: "Reopen" }).click();
  await decidable(admin);
  await decidable(moderator);
  await admin.context().close();
  await moderator.context().close();
});

test("reports of one message are one incident, which lists and counts them", async () => {
  const alice = await chat(browser, server, "alice");
  const carol = "ca201000-0000-4000-8000-000000000006";
  await server.tell("alice", "PUT", "/rooms", { room_id: 1, users_to_add: [carol], users_to_remove: [] });
  assert.equal((await bob.say("Bring the deposit in cash on Friday, and nobody hears of it")).confirmed, true);
  const { messages } = await server.tell("alice", "GET", "/rooms/1");
  const report = (user, reason) => server.tell(user, "POST", "/reports", { room_id: 1, message_id: messages.at(-1).id, reason });
  await report("alice", "Wants money first");
  const { id } = await newest();
  const { page: tab, troubles } = await enter(browser, server, { at: `queue/${id}` });
  await tab.getByText("Reported by 1 participant").waitFor();
  await report(carol, "The same to me");
  await tab.getByText("Reported by 2 participants").waitFor();
  await tab.getByText("Wants money first").waitFor();
  await tab.getByText("The same to me").waitFor();
  await tab.getByRole("group", { name: "Incidents" }).getByText("2 reports").waitFor();
  assert.equal((await newest()).id, id);
  assert.deepEqual(troubles, []);
  await alice.close();
  await tab.context().close();
});

test("a held message says that it is held, and dismissing it delivers it", async () => {
  const alice = await chat(browser, server, "alice");
  assert.equal((await bob.say("My lawyer sends it by keyparcel")).reason, "HeldForReview");
  const { id } = await newest();
  const { page: tab, troubles } = await enter(browser, server, { at: `queue/${id}` });
  await tab.getByText("This message is held: until somebody decides, nobody gets it.").waitFor();
  await decidable(tab);
  await tab.getByRole("button", { name: /^Dismiss and deliver/ }).click();
  await tab.getByText(`Incident ${id} will be dismissed, and the message delivered.`).first().waitFor();
  await tab.getByText(`Incident ${id}: released.`).waitFor();
  await alice.tab.waitForFunction(() => window.chat.frames.some(({ type, data }) => type === "MessageReceived" && data.message.includes("keyparcel")));
  assert.equal((await incident(id)).status, "released");
  assert.deepEqual(troubles, []);
  await alice.close();
  await tab.context().close();
});

test("what ranks forbid is explained, in French too, and an admin's ban shows no button that would fail", async () => {
  const dan = "da200000-0000-4000-8000-000000000007";
  await server.tell("admin", "POST", "/moderation/bans", { user_id: dan, reason: "Fraud", expires_at: null });
  const { page: tab } = await enter(browser, server, { at: "people", locale: "fr-FR", expected });
  await tab.getByText(/seuls les administrateurs le lèvent/).waitFor();
  assert.equal(await tab.getByRole("button", { name: new RegExp(`^Lever le bannissement de ${dan}`) }).count(), 0);
  await tab.goto(`${server.base}/console#/people/${USERS.admin[0]}`);
  await tab.getByRole("button", { name: "Bannir…" }).click();
  const question = tab.getByRole("dialog", { name: "Bannir cette personne" });
  await question.getByRole("textbox", { name: "Motif" }).fill("Essai");
  await question.getByRole("button", { name: "Bannir cette personne" }).click();
  await question.getByText("Seuls les administrateurs peuvent bannir un administrateur.").waitFor();
  await tab.context().close();
});
