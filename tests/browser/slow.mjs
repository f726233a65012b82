// Answers that are slow, and somebody else meanwhile: what is typed stays, and what is read is what was asked for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { termsRule } from "./server.mjs";

const { browser, server } = await lab();

const expected = /status of (4\d\d|5\d\d)/;
const policy = () => server.tell("admin", "GET", "/moderation/policy");
const slowly = (tab, path, method) =>
  tab.route(path, async (route) => {
    if (route.request().method() === method) await new Promise((resolve) => setTimeout(resolve, 800));
    await route.continue();
  });

test("what is typed into the policy while it is being saved stays", async () => {
  const { page: tab, troubles } = await enter(browser, server, { as: "admin", at: "settings" });
  await tab.getByLabel("Strikes that ban").fill("7");
  await slowly(tab, "**/moderation/policy", "PUT");
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.getByLabel("Messages (days)").fill("400");
  await tab.getByText("The policy is in force.").waitFor();
  assert.equal(await tab.getByLabel("Messages (days)").inputValue(), "400");
  const { strikes_to_ban, message_days } = await policy();
  assert.deepEqual([strikes_to_ban, message_days], [7, null]);
  assert.deepEqual(troubles, []);
});

test("of two admins the second sees what the first changed, and neither is overwritten unseen", async () => {
  const { page: tab, troubles } = await enter(browser, server, { as: "admin", at: "settings", expected });
  await tab.getByLabel("Strikes that ban").fill("9");
  await tab.route("**/moderation/events", (route) => route.abort());
  await server.tell("admin", "PUT", "/moderation/policy", { ...(await policy()), incident_days: 30 });
  await tab.getByRole("button", { name: "Save", exact: true }).click();
  await tab.getByText(/Somebody else changed the policy meanwhile/).waitFor();
  assert.equal((await policy()).strikes_to_ban, 7);
  await tab.getByRole("button", { name: "Save mine over theirs" }).click();
  await tab.getByText("The policy is in force.").waitFor();
  const { strikes_to_ban, incident_days } = await policy();
  assert.deepEqual([strikes_to_ban, incident_days], [9, 30]);

  await tab.getByLabel("Strikes that ban").fill("11");
  await server.tell("admin", "PUT", "/moderation/policy", { ...(await policy()), strikes_to_ban: 4 });
  await tab.getByRole("button", { name: "Save", exact: true }).click();
  await tab.getByRole("button", { name: "Take theirs" }).click();
  await tab.waitForFunction(() => document.querySelector("[name=strikes_to_ban]").value === "4");
  assert.deepEqual(troubles, []);
});

test("older messages come once, however often they are asked for", async () => {
  const bob = await chat(browser, server, "bob");
  for (let number = 1; number <= 230; number++) await bob.say(`Bonjour ${number}`);
  const { page: tab, troubles } = await enter(browser, server, { at: "rooms/1" });
  await tab.getByText("Bonjour 230", { exact: true }).waitFor();
  await slowly(tab, "**/rooms/1?*", "GET");
  const older = tab.getByRole("button", { name: "Older messages" });
  await older.click();
  await older.click({ force: true, timeout: 500 }).catch(() => {});
  await tab.getByText("Bonjour 110", { exact: true }).waitFor();
  await older.click();
  await tab.getByText("Bonjour 20", { exact: true }).waitFor();
  const said = await tab.locator(".talk .message-text").allTextContents();
  assert.equal(new Set(said).size, said.length);
  assert.deepEqual(troubles, []);
});

test("the log as a table of a spreadsheet: readable, quoted, and no formula", async () => {
  await server.tell("moderator", "POST", "/moderation/rules", termsRule('=HYPERLINK("x"), "é"', ["formuling"]));
  const { page: tab, troubles } = await enter(browser, server, { at: "audit", expected });
  let isHasty = true;
  await tab.route("**/moderation/audit?*", (route) => {
    if (!isHasty || !route.request().url().includes("limit=500")) return route.continue();
    isHasty = false;
    return route.fulfill({ status: 429, headers: { "Retry-After": "1" }, contentType: "application/json", body: '{"data":null,"error_message":"Too many requests"}' });
  });
  const downloading = tab.waitForEvent("download");
  await tab.getByRole("button", { name: "Export as CSV" }).click();
  const text = readFileSync(await (await downloading).path(), "utf8");
  assert.equal(text.codePointAt(0), 0xfeff);
  const [head, ...rows] = text.slice(1).trimEnd().split("\r\n");
  assert.equal(head, "seq,at,actor,action,detail,hash");
  assert.ok(rows.length > 2 && rows.every((row) => row.startsWith('"') && row.endsWith('"')), rows[0]);
  assert.ok(!rows.some((row) => /(^|,)"[=+@]/.test(row)), "no cell begins like a formula");
  assert.deepEqual(troubles, []);
});

test("moments of the log's filter are the reader's in the fields, and everybody's in the address", async () => {
  const { page: tab } = await enter(browser, server, { at: "audit", timezoneId: "Asia/Tokyo" });
  await tab.getByLabel("From").fill("2026-01-02T09:00");
  await tab.getByLabel("From").blur();
  await tab.waitForFunction(() => location.hash.includes("since="));
  assert.equal(new URLSearchParams(new URL(tab.url()).hash.split("?")[1]).get("since"), "2026-01-02T00:00:00.000Z");
  assert.equal(await tab.getByLabel("From").inputValue(), "2026-01-02T09:00");
});
