// Swagger UI, as an integrator uses it: sign in, try a route, read the answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { base, open, page, tokens } from "./browser.mjs";

test("Swagger UI signs in with a token and calls a route within its content security policy", async () => {
  const browser = await open();
  try {
    const { page: tab, troubles } = await page(browser);
    await tab.goto(`${base}/docs`);
    await tab.getByRole("button", { name: "Authorize" }).first().waitFor();
    assert.equal(await tab.getByText("To try the routes").isVisible(), false, "no token is printed by `serve`");
    assert.equal(await tab.getByRole("link", { name: "← plic-chat" }).getAttribute("href"), "/");
    await tab.getByRole("button", { name: "Authorize" }).first().click();
    await tab.locator(".modal-ux input").fill(tokens.alice);
    await tab.locator(".modal-ux").getByRole("button", { name: "Apply credentials" }).click();
    await tab.locator(".modal-ux").getByRole("button", { name: "Close" }).click();

    const operation = tab.locator(".opblock-get").filter({ has: tab.locator('[data-path="/rooms"]') });
    await operation.locator(".opblock-summary").click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table");
    await answer.locator(".response-col_status").filter({ hasText: "200" }).waitFor();
    assert.match(await answer.locator("pre").first().innerText(), /"error_message": null/);
    const kept = await tab.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.equal(kept.includes(tokens.alice.slice(0, 40)), false, "the token is kept in the browser");
    await tab.reload();
    await tab.getByRole("button", { name: "Authorize" }).first().click();
    assert.equal(await tab.locator(".modal-ux input").inputValue(), "");
    assert.deepEqual(troubles, []);
  } finally {
    await browser.close();
  }
});

test("the landing page links to what there is and breaks no rule of its own", async () => {
  const browser = await open();
  try {
    const { page: tab, troubles } = await page(browser);
    await tab.goto(base);
    await tab.getByRole("link", { name: "Swagger UI" }).click();
    await tab.locator(".swagger-ui .info").waitFor();
    assert.deepEqual(troubles, []);
  } finally {
    await browser.close();
  }
});
