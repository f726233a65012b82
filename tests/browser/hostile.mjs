// What people write stays text: nothing of it runs, nothing of it becomes an element, nothing leaves the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { termsRule, USERS } from "./server.mjs";
import { settled, VIEWS } from "./views.mjs";

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "\"><svg onload=alert(1)>",
  "'><iframe srcdoc='<script>parent.alert(1)</script>'>",
  "javascript:alert(1)",
  "<a href=\"javascript:alert(1)\">x</a>",
  "</textarea><script>alert(1)</script>",
  "</title><img src=//evil.example/x>",
  "${alert(1)} {{constructor.constructor('alert(1)')()}}",
  "<!--?lit$123$--><?lit$123$>",
  "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
  "<form><input name=attributes><input name=innerHTML>",
  "<style>@import '//evil.example/x.css'</style>",
  "__proto__ constructor toString",
  "\u202Egnp.exe\u202C \u0000\u200B\uFEFF",
  "<link rel=stylesheet href=//evil.example/x.css>",
];
const ELEMENTS = "iframe, object, embed, math, style, mglyph, base, form[action], [onerror], [onload], [onclick], a[href^='javascript:'], img:not([src='/web/shared/icon.svg']), script:not([src^='/web/']), link:not([href^='/web/'])";

const { browser, server } = await lab();
await server.tell("moderator", "POST", "/moderation/rules", termsRule(PAYLOADS[1], ["frobnicate"], { note: PAYLOADS[2], unless: [PAYLOADS[0]] }));
for (const [at, name] of PAYLOADS.entries()) await server.ask("moderator", "POST", "/moderation/rules", termsRule(`${name} ${at}`.replaceAll("\u0000", ""), [`frob${at}`], { state: "draft", note: name.replaceAll("\u0000", "") }));
const bob = await chat(browser, server, "bob");
for (const text of PAYLOADS) assert.notEqual((await bob.say(`frobnicate ${text}`.replaceAll("\u0000", ""))).code, 4010);
const { messages } = await server.tell("alice", "GET", "/rooms/1");
await server.tell("alice", "POST", "/reports", { room_id: 1, message_id: messages.at(-1).id, reason: PAYLOADS.join("\n").replaceAll("\u0000", "") });
await server.tell("moderator", "POST", "/moderation/bans", { user_id: USERS.alice[0], reason: PAYLOADS.join("\n").replaceAll("\u0000", ""), expires_at: null });
const incidents = await server.tell("moderator", "GET", "/moderation/incidents?limit=5");
await server.tell("moderator", "POST", `/moderation/incidents/${incidents[1].id}/decision`, { decision: "uphold", note: PAYLOADS[1] });

test("no view takes what people wrote for markup", async () => {
  const { page: tab, troubles, hosts } = await enter(browser, server, { as: "admin", expected: /status of 4\d\d/ });
  const ids = (await server.tell("moderator", "GET", "/moderation/incidents?limit=50")).map(({ id }) => `queue/${id}`);
  const rules = (await server.tell("moderator", "GET", "/moderation/rules?limit=500")).filter(({ name }) => /[<{]/.test(name)).map(({ id }) => `rules/${id}`);
  const addresses = PAYLOADS.flatMap((text) => [`people/${encodeURIComponent(text)}`, `queue?user_id=${encodeURIComponent(text)}`, `rooms/${encodeURIComponent(text)}`, encodeURIComponent(text)]);
  for (const view of [...VIEWS, ...ids, ...rules, `people/${USERS.alice[0]}`, ...addresses]) {
    await tab.goto(`${server.base}/console#/${view}`);
    await tab.waitForTimeout(120);
    assert.equal(await tab.locator(ELEMENTS).count(), 0, `${view}: ${await tab.locator(ELEMENTS).evaluateAll((found) => found.map((element) => element.outerHTML.slice(0, 200)))}`);
    assert.equal(await tab.evaluate(() => document.querySelectorAll("body script").length), 0, view);
  }
  const image = (await server.tell("moderator", "GET", "/moderation/incidents?limit=50")).find(({ message }) => message.includes(PAYLOADS[1]));
  await tab.goto(`${server.base}/console#/queue/${image.id}`);
  await settled(tab);
  assert.ok((await tab.getByRole("article").innerText()).includes(PAYLOADS[1]), "the text is shown as it was written");
  assert.deepEqual(troubles, []);
  assert.deepEqual([...hosts], [new URL(server.base).host]);
});
