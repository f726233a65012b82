// The playground: two people chat, every frame is in sight, closes are explained; it asks nobody else.

import assert from "node:assert/strict";
import { test } from "node:test";

import { letIn, page } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { settled } from "./views.mjs";

const { browser, server } = await lab();

test("it stands, in both languages", async () => {
  for (const [locale, lang] of [["en-GB", "en"], ["fr-FR", "fr"]]) {
    const { page: tab, troubles, hosts } = await page(browser, { locale });
    await tab.goto(`${server.base}/playground`);
    await settled(tab);
    assert.equal(await tab.getAttribute("html", "lang"), lang);
    assert.deepEqual(troubles, []);
    assert.deepEqual([...hosts], [new URL(server.base).host]);
    await tab.context().close();
  }
});

test("both sides chat, and a close is explained", async () => {
  const { page: tab, troubles } = await page(browser, { locale: "en-GB" });
  await letIn(tab, server);
  await tab.goto(server.base);
  await tab.getByRole("link", { name: "Chat as alice and bob" }).click();
  const side = (name) => tab.getByRole("region", { name, exact: true });
  const frames = (name) => side(name).getByRole("log");
  for (const name of ["alice", "bob"]) await side(name).getByText("connected", { exact: true }).waitFor();
  await side("alice").getByLabel("Message").fill("Bonjour Bob");
  await side("alice").getByRole("button", { name: "Send", exact: true }).click();
  await frames("alice").getByText('"confirmed":true').waitFor();
  await frames("bob").getByText('"message":"Bonjour Bob"').waitFor();
  await side("alice").getByRole("button", { name: "Send the same again" }).click();
  await frames("alice").getByText('"confirmed":true').nth(1).waitFor();
  assert.equal(await frames("bob").getByText('"message":"Bonjour Bob"').count(), 1);

  for (const [button, code] of [["Bad structure", 4010], ["Another’s room", 4012], ["Hateful", 4011]]) {
    await side("bob").getByRole("button", { name: button }).click();
    await side("bob").getByText(`Closed with ${code}`).waitFor();
    await side("bob").getByRole("button", { name: "Connect again" }).click();
    await side("bob").getByText("connected", { exact: true }).waitFor();
  }
  await tab.getByRole("button", { name: "GET · Send" }).click();
  await tab.getByText('"last_message"').waitFor();
  assert.ok(!(await tab.content()).includes(server.token("alice").slice(0, 40)), "a token is in the page");
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("the sides are those of alice and bob before they are connected", async () => {
  const { page: tab, troubles } = await page(browser, { locale: "en-GB" });
  await letIn(tab, server);
  await tab.goto(`${server.base}/playground`);
  for (const name of ["alice", "bob"]) {
    await tab.getByRole("region", { name, exact: true }).getByRole("button", { name: `Connect as ${name}` }).waitFor();
  }
  assert.equal(await tab.getByText("not connected", { exact: true }).count(), 2);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a report is ready for the newest message of the room, whatever was said before", async () => {
  const { page: tab, troubles } = await page(browser, { locale: "en-GB" });
  await letIn(tab, server);
  await tab.goto(`${server.base}/playground?as=demo`);
  const alice = tab.getByRole("region", { name: "alice", exact: true });
  const room = Number(await tab.locator("input[list=rooms]").inputValue());
  await alice.getByText("connected", { exact: true }).waitFor();
  await tab.getByLabel("Call").selectOption({ label: "Report a message" });
  for (const text of ["one", "two"]) {
    await alice.getByLabel("Message").fill(text);
    await alice.getByRole("button", { name: "Send", exact: true }).click();
    await tab.getByRole("region", { name: "bob", exact: true }).getByRole("log").getByText(`"message":"${text}"`).waitFor();
    const { messages } = await server.tell("alice", "GET", `/rooms/${room}`);
    const newest = messages.at(-1);
    assert.equal(newest.message, text);
    await tab.waitForFunction((id) => [...document.querySelectorAll("textarea")].some(({ value }) => value.includes(`"message_id": ${id},`)), newest.id);
  }
  await tab.locator("select[name=side]").selectOption({ label: "bob" });
  assert.match(await tab.getByLabel("Body").inputValue(), /"message_id": [2-9]/);
  await tab.getByRole("button", { name: "POST · Send" }).click();
  await tab.locator(".badge").filter({ hasText: /^20\d$/ }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});
