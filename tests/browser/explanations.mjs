// Why a message was stopped: the words that weighed most are marked, the rule that decided stands first, the others fold away.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { termsRule } from "./server.mjs";

const { browser, server } = await lab();

const ABUSE = "Hello Anne. All immigrants are vermin and should be exterminated!";

test("an incident of the classifier marks the words that weighed, and one rule stands first", async () => {
  await server.tell("moderator", "POST", "/moderation/rules", termsRule("Greetings", ["hello anne"]));
  const bob = await chat(browser, server, "bob");
  await bob.say(ABUSE);
  const [{ id, matches }] = await server.tell("moderator", "GET", "/moderation/incidents?limit=1");
  const scored = matches.find(({ kind }) => kind === "classifier");
  assert.ok(scored.words.length >= 1 && scored.words.length <= 6, JSON.stringify(scored));
  for (const { start, end, weight } of scored.words) assert.ok(start < end && end <= ABUSE.length && weight > 0 && weight <= 1);
  const { page: tab, troubles } = await enter(browser, server, { at: `queue/${id}` });
  const said = tab.getByRole("region", { name: "What was said" });
  await said.locator("mark").first().waitFor();
  const marked = await said.locator("mark").allTextContents();
  for (const { start, end } of scored.words) assert.ok(marked.some((part) => part.includes(ABUSE.slice(start, end))), marked.join("|"));
  assert.ok(!marked.includes(ABUSE), "the whole message says nothing");
  const why = tab.getByRole("region", { name: "Why it is here" });
  assert.equal(await why.locator("li:visible").count(), 1);
  await why.getByRole("link", { name: matches[0].rule }).waitFor();
  await why.getByText(/more rules?$/).click();
  await why.getByRole("link", { name: "Greetings" }).waitFor();
  assert.deepEqual(troubles, []);
});

test("a text that is tried while it is typed is explained in the same way", async () => {
  const { page: tab, troubles } = await enter(browser, server, { at: "rules/new" });
  await tab.getByRole("textbox", { name: "Words and phrases", exact: true }).fill("anne");
  await tab.getByRole("textbox", { name: "A text, as somebody might write it" }).fill(ABUSE);
  await tab.locator(".rule-judged mark").first().waitFor();
  const marked = await tab.locator(".rule-judged mark").allTextContents();
  assert.ok(marked.length > 1 && !marked.includes(ABUSE), marked.join("|"));
  assert.equal(await tab.locator(".rule-found li:visible").count(), 1);
  await tab.getByText(/\d+ more match(es)?$/).click();
  await tab.locator(".rule-found").getByText("this rule").waitFor();
  assert.deepEqual(troubles, []);
});
