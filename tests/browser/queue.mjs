// The queue with several people at it, long, and away for a while.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";

const { browser, server } = await lab();
let bob = await frobnicate({ browser, server }, []);

const expected = /ERR_|status of 0|Failed to fetch/;
const incidents = (query) => server.tell("moderator", "GET", `/moderation/incidents?${query}`);
const rows = (tab) => tab.getByRole("group", { name: "Incidents" }).getByRole("link");

test("two moderators at one incident see each other, until one leaves", async () => {
  await bob.say("frobnicate together");
  const [{ id }] = await incidents("limit=1");
  const { page: one, troubles } = await enter(browser, server, { at: `queue/${id}` });
  await one.getByRole("heading", { name: `Incident ${id}` }).waitFor();
  const { page: other } = await enter(browser, server, { as: "admin", at: `queue/${id}` });
  await one.getByText(/Another moderator is looking at this: ad000000/).waitFor();
  await other.getByText(/Another moderator is looking at this: 0de7a700/).waitFor();
  await other.getByRole("navigation").getByRole("link", { name: "Rules" }).click();
  await one.getByText(/Another moderator is looking/).waitFor({ state: "detached" });
  await other.context().close();
  assert.deepEqual(troubles, []);
});

test("a key that is held down decides one incident", async () => {
  for (const number of [1, 2, 3]) await bob.say(`frobnicate held ${number}`);
  const before = (await incidents("status=upheld")).length;
  const { page: tab, troubles } = await enter(browser, server);
  await rows(tab).first().click();
  await decidable(tab);
  for (let times = 0; times < 10; times++) {
    await tab.keyboard.down("u");
    await tab.waitForTimeout(50);
  }
  await tab.keyboard.up("u");
  await tab.getByText(/^Incident \d+: upheld\./).waitFor();
  assert.equal((await incidents("status=upheld")).length, before + 1);
  assert.deepEqual(troubles, []);
});

test("every status, once chosen, stays chosen while one goes from one to the next", async () => {
  await bob.say("frobnicate decided");
  const [{ id }] = await incidents("limit=1");
  await server.tell("moderator", "POST", `/moderation/incidents/${id}/decision`, { decision: "dismiss" });
  const { page: tab, troubles } = await enter(browser, server);
  await tab.getByRole("combobox", { name: "Status" }).selectOption("");
  await tab.getByRole("link", { name: /frobnicate decided/ }).click();
  await tab.getByRole("heading", { name: `Incident ${id}` }).waitFor();
  assert.equal(await tab.getByRole("combobox", { name: "Status" }).inputValue(), "");
  await tab.keyboard.press("j");
  await tab.getByRole("link", { name: /frobnicate decided/ }).waitFor();
  assert.deepEqual(troubles, []);
});

test("what came while the server could not be heard is there afterwards, without a gap", async () => {
  const { page: tab, troubles } = await enter(browser, server, { expected });
  await rows(tab).first().waitFor();
  await tab.context().setOffline(true);
  await server.down();
  await tab.getByText("Not live: reconnecting").waitFor();
  await server.up();
  bob = await chat(browser, server, "bob");
  const alice = await chat(browser, server, "alice");
  for (let number = 1; number <= 130; number++) await (number % 2 ? alice : bob).say(`frobnicate away ${number}`);
  await tab.context().setOffline(false);
  await tab.getByText("Live", { exact: true }).waitFor({ timeout: 60_000 });
  await rows(tab).filter({ hasText: "frobnicate away 130" }).waitFor();
  const list = tab.getByRole("group", { name: "Incidents" });
  const seen = new Set();
  for (let top = 0; !seen.has("frobnicate away 1") && top < 140 * 76; top += 300) {
    await list.evaluate((element, top) => (element.scrollTop = top), top);
    await tab.waitForTimeout(120);
    for (const text of await tab.locator(".queue-text").allTextContents()) seen.add(text.trim());
  }
  const missing = Array.from({ length: 130 }, (_, index) => `frobnicate away ${index + 1}`).filter((text) => !seen.has(text));
  assert.deepEqual(missing, []);
  assert.deepEqual(troubles, []);
});
