// A session that ends, an answer that is slow, a question that waits: who is signed in, and what was typed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";
import { USERS } from "./server.mjs";

const { browser, server } = await lab();
const bob = await frobnicate({ browser, server }, ["one", "two"]);
await bob.close();

const expected = /status of (4\d\d|5\d\d|0)|ERR_/;
const refused = (status, sentence) => ({ status, contentType: "application/json", body: JSON.stringify({ data: null, error_message: sentence }) });

async function incident(options) {
  const [newest] = await server.tell("moderator", "GET", "/moderation/incidents?status=open&limit=1");
  const opened = await enter(browser, server, { expected, at: `queue/${newest.id}`, ...options });
  await decidable(opened.page);
  return { ...opened, id: newest.id };
}

test("a token that is refused is renewed once, and then asked for; the question below it waits", async () => {
  const { page: tab, troubles } = await incident();
  await tab.getByRole("button", { name: /^Ban…/ }).click();
  const question = tab.getByRole("dialog", { name: "Ban this person" });
  await question.getByRole("textbox", { name: "Reason" }).fill("Typed before the session ended");
  let asked = 0;
  await tab.route("**/moderation/**", (route) => {
    asked += 1;
    return route.fulfill(refused(401, "The token is not valid."));
  });
  await question.getByRole("button", { name: "Ban this person" }).click();
  const ended = tab.getByRole("dialog", { name: "Sign in again" });
  await ended.waitFor();
  await tab.waitForTimeout(1_000);
  assert.ok(asked < 10, `asked ${asked} times`);
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("Escape");
  await tab.waitForTimeout(300);
  assert.equal(await ended.isVisible(), true);
  await tab.unroute("**/moderation/**");
  await ended.getByLabel("Access token").fill(server.token("moderator"));
  await ended.getByRole("button", { name: "Sign in" }).last().click();
  await question.waitFor({ state: "detached" });
  const bans = await server.tell("moderator", "GET", "/moderation/bans");
  assert.equal(bans[0].reason, "Typed before the session ended");
  await server.tell("moderator", "DELETE", `/moderation/bans/${USERS.bob[0]}`);
  assert.deepEqual(troubles, []);
});

test("whoever signs in instead of another begins afresh", async () => {
  const { page: tab } = await enter(browser, server, { expected, at: "rules/new" });
  await tab.getByRole("textbox", { name: "Name", exact: true }).fill("Not for others");
  await tab.waitForTimeout(800);
  await tab.route("**/moderation/**", (route) => route.fulfill(refused(401, "The token is not valid.")));
  await tab.getByRole("button", { name: "Save as draft" }).click();
  const ended = tab.getByRole("dialog", { name: "Sign in again" });
  await ended.waitFor();
  await tab.unroute("**/moderation/**");
  await ended.getByLabel("Access token").fill(server.token("admin"));
  await ended.getByRole("button", { name: "Sign in" }).last().click();
  await ended.waitFor({ state: "detached" });
  await tab.getByRole("heading", { level: 1, name: "New rule" }).waitFor();
  await tab.getByText("Live", { exact: true }).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "");
  assert.deepEqual((await server.tell("admin", "GET", "/moderation/rules?limit=500")).filter(({ name }) => name === "Not for others"), []);
});

test("one leaves from the dialog of an ended session, and nothing of it stays", async () => {
  const { page: tab } = await incident();
  await tab.getByRole("textbox", { name: /^Note/ }).fill("Private");
  await tab.route("**/moderation/**", (route) => route.fulfill(refused(401, "The token is not valid.")));
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByRole("button", { name: "Sign out and lose it" }).click();
  await tab.getByRole("heading", { level: 1, name: "Moderation" }).waitFor();
  assert.equal(await tab.evaluate(() => JSON.stringify(sessionStorage)), "{}");
});

test("a question that was sent is waited for, and a refusal is said in it", async () => {
  const { page: tab, troubles } = await incident();
  await tab.route("**/moderation/bans", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 800));
    await route.fulfill(refused(503, "The database is away."));
  });
  await tab.getByRole("button", { name: /^Ban…/ }).click();
  const question = tab.getByRole("dialog", { name: "Ban this person" });
  await question.getByRole("textbox", { name: "Reason" }).fill("Still here");
  await question.getByRole("button", { name: "Ban this person" }).click();
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("Escape");
  await question.getByText("The database is away.").waitFor();
  assert.equal(await question.getByRole("textbox", { name: "Reason" }).inputValue(), "Still here");
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  assert.match(await tab.evaluate(() => document.activeElement?.textContent ?? ""), /Ban…/, "the focus is given back");
  assert.deepEqual(troubles, []);
});

test("a sender who cannot be read is not shown as one without a record", async () => {
  const { page: tab, troubles } = await incident();
  await tab.route("**/moderation/users/*", (route) => route.fulfill(refused(503, "The database is away.")));
  await tab.reload();
  const sender = tab.getByRole("region", { name: "The sender" });
  await sender.getByText("The database is away.").waitFor();
  await tab.unroute("**/moderation/users/*");
  await sender.getByRole("button", { name: "Try again" }).click();
  await sender.getByText(/incidents?$/).first().waitFor();
  assert.deepEqual(troubles, []);
});

test("an incident that was decided while nothing was heard is shown as decided", async () => {
  const { page: tab, id, troubles } = await incident();
  await server.down();
  await tab.getByText("Not live: reconnecting").waitFor();
  await tab.context().setOffline(true);
  await server.up();
  await server.tell("admin", "POST", `/moderation/incidents/${id}/decision`, { decision: "dismiss", note: "By the other one" });
  await tab.context().setOffline(false);
  await tab.getByText("By the other one").waitFor({ timeout: 60_000 });
  assert.equal(await tab.getByRole("button", { name: /^Uphold/ }).count(), 0);
  assert.deepEqual(troubles, []);
});

test("a note outlives the page", async () => {
  const { page: tab } = await incident();
  await tab.getByRole("textbox", { name: /^Note/ }).fill("Half a thought");
  await tab.reload();
  await tab.getByRole("button", { name: /^Uphold/ }).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: /^Note/ }).inputValue(), "Half a thought");
});

test("whoever turns the single keys off is left alone by them", async () => {
  const { page: tab } = await incident();
  await tab.keyboard.press("?");
  const keys = tab.getByRole("dialog", { name: "Keyboard" });
  await keys.getByRole("checkbox", { name: "Single keys act" }).uncheck();
  await keys.getByRole("button", { name: "Got it" }).click();
  await keys.waitFor({ state: "detached" });
  await tab.keyboard.press("b");
  await tab.waitForTimeout(300);
  assert.equal(await tab.getByRole("dialog").count(), 0);
  await tab.keyboard.press("?");
  await keys.waitFor();
});
