// What fails is said, and what was typed stays: the server away, somebody faster, a refusal, too much haste.

import assert from "node:assert/strict";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";
import { termsRule } from "./server.mjs";

const { browser, server } = await lab();
await frobnicate({ browser, server }, ["one", "two", "three"]);

const expected = /status of (4\d\d|0)|ERR_|Failed to fetch/;

async function incident(options) {
  const [newest] = await server.tell("moderator", "GET", "/moderation/incidents?status=open&limit=1");
  const opened = await enter(browser, server, { expected, at: `queue/${newest.id}`, ...options });
  await decidable(opened.page);
  return { ...opened, id: newest.id };
}

async function newRule(name, options) {
  const opened = await enter(browser, server, { expected, at: "rules/new", ...options });
  await opened.page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await opened.page.getByRole("textbox", { name: "Words and phrases" }).fill("zorglub");
  return opened;
}

test("the server goes away and comes back: the note stays, and the stream lives again", async () => {
  const { page: tab, id, troubles } = await incident();
  await tab.getByRole("textbox", { name: /^Note/ }).fill("Written while it was away");
  await server.down();
  await tab.getByText("Not live: reconnecting").waitFor();
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id} is not decided. The server cannot be reached.`).waitFor();
  await server.up();
  await tab.getByText("Live", { exact: true }).waitFor({ timeout: 40_000 });
  await tab.getByRole("status").getByRole("link", { name: "Open it" }).click();
  await tab.getByRole("heading", { name: `Incident ${id}` }).waitFor();
  await tab.getByRole("alert").getByText("The server cannot be reached.").first().waitFor();
  assert.equal(await tab.getByRole("textbox", { name: /^Note/ }).inputValue(), "Written while it was away");
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id}: upheld.`).waitFor();
  assert.deepEqual(troubles, []);
});

test("of two moderators who decide the second is told, and keeps the note", async () => {
  const { page: tab, id, troubles } = await incident();
  await tab.getByRole("textbox", { name: /^Note/ }).fill("I was about to dismiss it");
  // The stream would tell in time: nothing is heard of the other's decision.
  await tab.route(`**/moderation/incidents/${id}/decision`, async (route) => {
    await server.tell("admin", "POST", `/moderation/incidents/${id}/decision`, { decision: "uphold", note: null });
    await route.continue();
  });
  await tab.getByRole("button", { name: /^Dismiss/ }).click();
  await tab.getByText(`Incident ${id}: moderator ad000000 was faster. Your decision was not sent.`).waitFor();
  await tab.getByRole("status").getByRole("link", { name: "Open it" }).click();
  await tab.getByText(/Somebody was faster/).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Your note, not sent" }).inputValue(), "I was about to dismiss it");
  assert.deepEqual(troubles, []);
});

test("of two who change a rule the second sees the difference and loses nothing", async () => {
  const rule = await server.tell("moderator", "POST", "/moderation/rules", termsRule("Contested", ["contested"]));
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  await tab.getByRole("textbox", { name: "Note", exact: true }).fill("Mine");
  await server.tell("admin", "PUT", `/moderation/rules/${rule.id}`, { ...rule, note: "Theirs" }, { "If-Match": `"${rule.version}"` });
  await tab.getByRole("button", { name: "Publish live" }).click();
  await tab.getByRole("heading", { name: "Somebody else changed this rule meanwhile" }).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Note", exact: true }).inputValue(), "Mine");
  await tab.getByRole("button", { name: /^Write mine over theirs/ }).click();
  await tab.getByText(/^Saved:/).waitFor();
  assert.equal((await server.tell("moderator", "GET", `/moderation/rules/${rule.id}`)).note, "Mine");
  assert.deepEqual(troubles, []);
});

test("a rule that fails its own examples is refused in the server's words, and stays as typed", async () => {
  const { page: tab, troubles } = await newRule("Impossible");
  await tab.getByRole("textbox", { name: "Must be caught" }).fill("nothing of that kind");
  await tab.getByRole("button", { name: "Publish live" }).click();
  await tab.getByText("The server does not accept the rule like this").waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "Impossible");
  assert.deepEqual(troubles, []);
});

test("too many requests: it is said when to try again, and trying again works", async () => {
  const { page: tab, troubles } = await newRule("Hasty");
  let isHasty = true;
  await tab.route("**/moderation/rules", (route) =>
    isHasty && route.request().method() === "POST"
      ? route.fulfill({ status: 429, headers: { "Retry-After": "3" }, contentType: "application/json", body: JSON.stringify({ data: null, error_message: "Too many requests" }) })
      : route.continue(),
  );
  await tab.getByRole("button", { name: "Save as draft" }).click();
  await tab.getByText("Too many requests. Try again in 3 s.").first().waitFor();
  isHasty = false;
  await tab.getByRole("button", { name: "Save as draft" }).click();
  await tab.getByText("Saved: Draft.").waitFor();
  assert.deepEqual(troubles, []);
});

test("a draft outlives the page: it is there after loading it again", async () => {
  const { page: tab } = await newRule("Half a rule");
  await tab.waitForTimeout(1_000);
  await tab.reload();
  await tab.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "Half a rule");
});
