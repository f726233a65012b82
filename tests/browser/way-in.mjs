// Coming in at `plic-chat dev`: by the link of the terminal, which lets one browser in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { page } from "./browser.mjs";
import { lab } from "./lab.mjs";

const { browser, server } = await lab();
const expected = /status of (403|410)/;

test("the printed link lets a browser in, for every page, and leaves no code in the address", async () => {
  const { page: tab, troubles } = await page(browser);
  await tab.goto(`${server.base}/console?as=moderator#code=${await server.code()}`);
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  assert.equal(tab.url().includes("code"), false, tab.url());
  await tab.goto(`${server.base}/playground`);
  await tab.getByRole("button", { name: "Connect as alice" }).waitFor();
  await tab.goto(server.base);
  await tab.getByText("This browser is let in.").waitFor();
  await tab.getByRole("link", { name: "Moderate as a demo moderator" }).click();
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("Swagger UI says where a token comes from", async () => {
  const { page: tab, troubles } = await page(browser);
  await tab.goto(`${server.base}/docs`);
  await tab.getByText("To try the routes, choose Authorize and paste a token").waitFor();
  await tab.getByRole("link", { name: "← plic-chat" }).click();
  await tab.getByRole("heading", { level: 1, name: "plic-chat" }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

for (const [place, address] of [["the landing page", "/"], ["the console", "/console"], ["the playground", "/playground"]]) {
  test(`${place} says how to come in where the code is missing, and where it is spent`, async () => {
    const code = await server.code();
    const { page: first } = await page(browser);
    await first.goto(`${server.base}${address}#code=${code}`);
    await first.waitForFunction(() => !location.hash.includes("code"));
    await first.waitForTimeout(300);
    assert.equal(await first.getByText("This server is one to try things on.").count(), 0);
    const { page: tab, troubles } = await page(browser, { expected });
    await tab.goto(server.base + address);
    await tab.getByText("open the link that the terminal shows at “start here”").waitFor();
    await tab.goto("about:blank");
    await tab.goto(`${server.base}${address}#code=${code}`);
    await tab.getByText("The code of this link was used already").waitFor();
    assert.equal(tab.url().includes("code"), false);
    // The new link, opened in the same tab: only what is behind the # changes.
    const next = await server.code();
    await tab.evaluate((code) => (location.hash = `#code=${code}`), next);
    await tab.getByText("This server is one to try things on.").waitFor({ state: "detached" });
    assert.equal(tab.url().includes("code"), false);
    assert.deepEqual(troubles, []);
    await first.context().close();
    await tab.context().close();
  });
}

test("a page at another address says so, and the code still holds at the right one", async () => {
  const code = await server.code();
  const { page: tab, troubles } = await page(browser, { expected });
  const elsewhere = server.base.replace("127.0.0.1", "elsewhere.localhost");
  await tab.goto(`${elsewhere}/console#code=${code}`);
  await tab.getByText("This page was opened at another address than the one in the terminal").waitFor();
  assert.equal(await tab.getByText("was used already").count(), 0);
  await tab.goto(`${server.base}/console?as=moderator#code=${code}`);
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("French people read it in French", async () => {
  const { page: tab } = await page(browser, { locale: "fr-FR" });
  await tab.goto(server.base);
  await tab.getByText("Ce serveur sert aux essais.").waitFor();
  assert.equal(await tab.getAttribute("html", "lang"), "fr");
  await tab.context().close();
});
