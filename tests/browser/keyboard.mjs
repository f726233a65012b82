// The core of the day without a mouse.

import assert from "node:assert/strict";
import { test } from "node:test";

import { letIn, page } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";

const { browser, server } = await lab();
await frobnicate({ browser, server }, ["one", "two", "three"]);

/** Tabs on until what has the focus is called so. */
async function tabTo(tab, name, most = 60) {
  for (let presses = 0; presses < most; presses++) {
    await tab.keyboard.press("Tab");
    const focused = await tab.evaluate(() => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").replace(/\s+/g, " ").trim());
    if (name.test(focused)) return;
  }
  throw new Error(`no way to ${name} by Tab`);
}

test("sign in, decide, ban and write a rule by keys alone", async () => {
  const { page: tab, troubles } = await page(browser, { expected: /status of 422/ });
  await letIn(tab, server);
  await tab.goto(`${server.base}/console`);
  await tab.getByRole("button", { name: "moderator" }).waitFor();
  await tabTo(tab, /^moderator$/);
  await tab.keyboard.press("Enter");
  await tab.getByRole("region", { name: "Incidents" }).getByRole("link", { name: /frobnicate three/ }).waitFor();

  await tab.keyboard.press("j");
  await tab.getByRole("button", { name: /^Uphold/ }).waitFor();
  await tab.keyboard.press("j");
  await tab.keyboard.press("k");
  await tab.getByRole("button", { name: /^Uphold/ }).waitFor();
  await tab.keyboard.press("n");
  await tab.keyboard.type("by keys, with u and d in it");
  assert.equal(await tab.getByRole("textbox", { name: /^Note/ }).inputValue(), "by keys, with u and d in it");
  const id = tab.url().match(/queue\/(\d+)/)[1];
  await tab.keyboard.press("Escape");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "incident", "the note is left");
  assert.equal(await tab.getByRole("textbox", { name: /^Note/ }).inputValue(), "by keys, with u and d in it", "and kept");
  await decidable(tab);
  await tab.keyboard.press("n");
  await tab.keyboard.press("Control+Enter");
  await tab.getByText(`Incident ${id} will be upheld.`).waitFor();
  await tab.getByText(`Incident ${id}: upheld.`).waitFor();
  assert.equal((await server.tell("moderator", "GET", `/moderation/incidents/${id}`)).note, "by keys, with u and d in it");
  const other = tab.url().match(/queue\/(\d+)/)[1];
  assert.notEqual(other, id);
  await decidable(tab);
  await tab.keyboard.press("d");
  await tab.getByText(`Incident ${other} will be dismissed.`).waitFor();
  await tab.getByText(`Incident ${other}: dismissed.`).waitFor();

  await tab.getByRole("button", { name: /^Ban…/ }).waitFor();
  await tab.keyboard.press("b");
  const dialog = tab.getByRole("dialog", { name: "Ban this person" });
  await dialog.waitFor();
  await tab.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await tab.keyboard.press("?");
  await tab.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await tab.keyboard.press("Escape");

  await tabTo(tab, /^Rules$/, 120);
  await tab.keyboard.press("Enter");
  await tab.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
  await tab.keyboard.press("n");
  await tab.getByRole("heading", { level: 1, name: "New rule" }).waitFor();
  const name = tab.getByRole("textbox", { name: "Name", exact: true });
  for (let presses = 0; presses < 60 && !(await name.evaluate((element) => element === document.activeElement)); presses++) await tab.keyboard.press("Tab");
  await tab.keyboard.type("Made by keys");
  assert.equal(await name.inputValue(), "Made by keys");
  assert.deepEqual(troubles, []);
});
