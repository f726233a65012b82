// French and English: as the browser asks, as one chooses, and no word of the other left.

import assert from "node:assert/strict";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { decidable, lab } from "./lab.mjs";
import { USERS } from "./server.mjs";
import { fill, settled } from "./views.mjs";

const { browser, server } = await lab();
await fill(browser, server);

const PLACES = ["queue", "queue/1", "rules", "rules/new", "rules/1", "people", `people/${USERS.bob[0]}`, "rooms", "rooms/1", "audit", "numbers", "settings"];
/** Words that only English has, of which hardly a sentence has none. */
const ENGLISH = /(?<!\p{L})(the|with|their|which|what|nothing|loading|somebody|every|from|until|sender|open|and|of|to|is|are|was|not|for|this|that|it|you|by|in|as|be|all|show|close)(?!\p{L})/iu;
/** French signs with a space around them that may break, or with none. */
const SPACES = / [;:!?»]|« /;

/** What the pages say themselves, word for word: messages, names of rules, ids and code are in no language of theirs. */
const spoken = (tab) =>
  tab.evaluate(() => {
    const foreign = "script, style, code, kbd, pre, .mono, .message-text, .queue-text, .people-text, blockquote, mark, .brand, .rule-judged, [lang]:not(html), a[href*='#/rules/'], h1, option:not(:checked)";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) => {
      const element = node.parentElement;
      const isShown = element.checkVisibility() || element.closest("option");
      return isShown && !element.closest(foreign) && node.data.trim() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
    });
    const found = [...document.querySelectorAll("[aria-label], [placeholder], [title]")].filter((element) => !element.closest(foreign)).flatMap((element) =>
      ["aria-label", "placeholder", "title"].map((name) => element.getAttribute(name) ?? ""));
    for (let node = walker.nextNode(); node; node = walker.nextNode()) found.push(node.data.replace(/[\n\t ]+/g, " "));
    return found.filter(Boolean);
  });

async function isFrench(tab, place) {
  const said = await spoken(tab);
  assert.ok(said.length > 10, place);
  assert.deepEqual(said.filter((text) => ENGLISH.test(text)), [], place);
  assert.deepEqual(said.filter((text) => SPACES.test(text)), [], place);
}

test("a French browser is answered in French everywhere", async () => {
  const { page: tab, troubles } = await enter(browser, server, { as: "admin", locale: "fr-FR", expected: /status of 422/ });
  assert.equal(await tab.getAttribute("html", "lang"), "fr");
  for (const place of PLACES) {
    await tab.goto(`${server.base}/console#/${place}`);
    await settled(tab);
    await isFrench(tab, place);
  }
  await tab.goto(`${server.base}/console#/queue/1`);
  await tab.getByRole("button", { name: /^Bannir…/ }).click();
  await isFrench(tab, "ban");
  await tab.keyboard.press("Escape");
  await tab.getByRole("button", { name: /^Clavier/ }).click();
  await isFrench(tab, "keys");
  await tab.keyboard.press("Escape");
  await decidable(tab);
  await tab.keyboard.press("u");
  await tab.locator(".toast").first().waitFor();
  await isFrench(tab, "a decision that waits");
  await tab.keyboard.press("z");
  await tab.locator(".countdown").waitFor({ state: "detached" });
  await isFrench(tab, "taken back");
  await tab.goto(`${server.base}/console#/people`);
  await tab.locator("#people-find").fill("c0ffee00");
  await tab.keyboard.press("Enter");
  await tab.locator("#people-find-notice").waitFor();
  await isFrench(tab, "several people");
  for (const place of ["/playground", "/"]) {
    await tab.goto(server.base + place);
    await settled(tab);
    await isFrench(tab, place);
  }
  assert.deepEqual(troubles, []);
});

test("one switches, in place, and it is remembered", async () => {
  const { page: tab } = await enter(browser, server, { locale: "en-GB", at: "rules/new" });
  assert.equal(await tab.getAttribute("html", "lang"), "en");
  await tab.getByRole("textbox", { name: "Name", exact: true }).fill("Half a rule");
  const english = await tab.getByRole("heading", { level: 1 }).innerText();
  await tab.getByRole("button", { name: "Français" }).click();
  await tab.getByRole("textbox", { name: "Nom", exact: true }).waitFor();
  assert.equal(await tab.getAttribute("html", "lang"), "fr");
  assert.notEqual(await tab.getByRole("heading", { level: 1 }).innerText(), english);
  assert.equal(await tab.getByRole("textbox", { name: "Nom", exact: true }).inputValue(), "Half a rule");
  await tab.reload();
  await tab.getByRole("textbox", { name: "Nom", exact: true }).waitFor();
});

test("what is shown already changes its language too: a way back, and who one is", async () => {
  const { page: tab } = await enter(browser, server, { locale: "en-GB", at: "queue/1" });
  await decidable(tab);
  await tab.keyboard.press("u");
  const undo = (name) => tab.locator(".toasts").getByRole("button", { name });
  await undo(/^Undo/).waitFor();
  await tab.locator(".side-foot").getByText("Moderator", { exact: true }).waitFor();
  await tab.getByRole("button", { name: "Français" }).click();
  await undo(/^Annuler/).waitFor();
  await tab.locator(".side-foot").getByText("Modérateur", { exact: true }).waitFor();
  await tab.keyboard.press("z");
  await tab.context().close();
});
