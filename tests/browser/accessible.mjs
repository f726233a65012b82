// Every view against axe-core, in both themes, from a telephone to a wide desk; nothing scrolls sideways.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { enter, page } from "./browser.mjs";
import { decidable, lab } from "./lab.mjs";
import { fill, settled, VIEWS } from "./views.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { browser, server } = await lab();
await fill(browser, server);

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function violations(tab) {
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
}

const overflow = (tab) => tab.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth);

for (const [colorScheme, locale] of [["light", "en-GB"], ["dark", "fr-FR"]]) {
  for (const width of [360, 1280, 2560]) {
    test(`${colorScheme}, ${locale}, ${width} px`, async (context) => {
      const options = { colorScheme, locale, viewport: { width, height: 800 }, reducedMotion: "reduce", bypassCSP: true };
      const { page: tab } = await enter(browser, server, { as: "admin", ...options });
      const check = async (name) => {
        await settled(tab);
        assert.deepEqual(await violations(tab), [], name);
        assert.ok((await overflow(tab)) <= 0, `${name} scrolls sideways by ${await overflow(tab)} px`);
      };
      for (const view of VIEWS) {
        await context.test(view, async () => {
          await tab.goto(`${server.base}/console#/${view}`);
          await check(view);
        });
      }
      await context.test("playground", async () => {
        await tab.goto(`${server.base}/playground`);
        await check("playground");
      });
      await context.test("a decision that waits, and what is said of it", async () => {
        await tab.goto(`${server.base}/console#/queue/1`);
        await decidable(tab);
        await tab.keyboard.press("u");
        await tab.locator(".toast").first().waitFor();
        await check("waiting");
        await tab.keyboard.press("z");
        await tab.locator(".countdown").waitFor({ state: "detached" });
        await check("taken back");
      });
      await context.test("people whose ids begin the same", async () => {
        await tab.goto(`${server.base}/console#/people`);
        await tab.locator("#people-find").fill("c0ffee00");
        await tab.keyboard.press("Enter");
        await tab.locator("#people-find-notice").waitFor();
        await check("several");
      });
      for (const place of ["/", "/console", "/playground"]) {
        await context.test(`${place} without a code`, async () => {
          const { page: gate } = await page(browser, options);
          await gate.goto(server.base + place);
          await settled(gate);
          assert.deepEqual(await violations(gate), []);
          assert.ok((await overflow(gate)) <= 0);
          await gate.context().close();
        });
      }
      await tab.context().close();
    });
  }
}

const quiet = { viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", bypassCSP: true, expected: /status of 401/ };

test("questions over the page", async () => {
  const { page: tab } = await enter(browser, server, { ...quiet, at: "queue/1" });
  await tab.getByRole("button", { name: /^Ban…/ }).click();
  await tab.getByRole("dialog", { name: "Ban this person" }).waitFor();
  assert.deepEqual(await violations(tab), [], "ban");
  await tab.keyboard.press("Escape");
  await tab.getByRole("button", { name: /^Keyboard/ }).click();
  await tab.getByRole("dialog", { name: "Keyboard" }).waitFor();
  assert.deepEqual(await violations(tab), [], "keys");
  await tab.keyboard.press("Escape");
  await tab.route("**/moderation/**", (route) => route.fulfill({ status: 401, contentType: "application/json", body: "{}" }));
  await tab.getByRole("button", { name: /^Dismiss/ }).click();
  await tab.getByRole("dialog", { name: "Sign in again" }).waitFor();
  assert.deepEqual(await violations(tab), [], "ended");
});

test("text of twice the size is not cut", async () => {
  const { page: tab } = await enter(browser, server, quiet);
  await tab.addStyleTag({ content: "html { font-size: 200% !important; }" });
  await tab.setViewportSize({ width: 1281, height: 800 });
  const rows = tab.locator(".queue-row");
  await rows.first().waitFor();
  await settled(tab);
  const cut = await rows.evaluateAll((all) => all.filter((row) => row.scrollHeight > row.clientHeight + 1).length);
  const tops = await rows.evaluateAll((all) => all.map((row) => [row.getBoundingClientRect().top, row.getBoundingClientRect().bottom]));
  assert.equal(cut, 0);
  assert.ok(tops.every(([top], index) => index === 0 || top >= tops[index - 1][1] - 1), JSON.stringify(tops));
});

test("the chosen row is told where the reader sets the colours", async () => {
  const { page: tab } = await enter(browser, server, { ...quiet, forcedColors: "active", at: "queue/1" });
  const chosen = tab.locator(".queue-row[aria-current]");
  await chosen.waitFor();
  assert.notEqual(await chosen.evaluate((row) => getComputedStyle(row).outlineStyle), "none");
});
