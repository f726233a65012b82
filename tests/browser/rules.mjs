// The editor of rules with slow answers, several people and files: nothing goes where it does not belong.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { termsRule } from "./server.mjs";

const { browser, server } = await lab();

const expected = /status of (4\d\d|5\d\d)/;
const field = (tab, name) => tab.getByRole("textbox", { name, exact: true });
const button = (tab, name) => tab.getByRole("button", { name });
const make = (name, term, more) => server.tell("moderator", "POST", "/moderation/rules", termsRule(name, [term], more));
const read = (id) => server.tell("moderator", "GET", `/moderation/rules/${id}`);
const write = (rule, changes) => server.tell("admin", "PUT", `/moderation/rules/${rule.id}`, { ...rule, ...changes }, { "If-Match": `"${rule.version}"` });

/** Answers to these requests wait until they are let go. */
async function hold(tab, path, method) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await tab.route(path, async (route) => {
    if (route.request().method() === method) await held;
    await route.continue();
  });
  return release;
}

async function newRule(tab, name, term) {
  await field(tab, "Name").fill(name);
  await field(tab, "Words and phrases").fill(term);
}

test("what is typed while a new rule is being saved stays, as a change of it", async () => {
  const { page: tab, troubles } = await enter(browser, server, { expected, at: "rules/new" });
  await newRule(tab, "Slowly saved", "slowpoke");
  const release = await hold(tab, "**/moderation/rules*", "POST");
  await button(tab, "Save as draft").click();
  await field(tab, "Note").fill("Typed meanwhile");
  release();
  await tab.getByText("Saved: Draft.").waitFor();
  await tab.getByRole("heading", { level: 1, name: "Slowly saved" }).waitFor();
  assert.equal(await field(tab, "Note").inputValue(), "Typed meanwhile");
  await tab.getByText("Unsaved changes").waitFor();
  await button(tab, "Save as draft").click();
  await tab.getByText("Unsaved changes").waitFor({ state: "detached" });
  const id = tab.url().match(/rules\/(\d+)/)[1];
  assert.equal((await read(id)).note, "Typed meanwhile");
  assert.deepEqual(troubles, []);
});

test("a second new rule is not taken for the first one that is being saved", async () => {
  const { page: tab, troubles } = await enter(browser, server, { expected, at: "rules/new" });
  await newRule(tab, "The first", "firstling");
  const release = await hold(tab, "**/moderation/rules*", "POST");
  await button(tab, "Save as draft").click();
  await tab.getByRole("link", { name: "← Rules" }).click();
  await tab.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
  await tab.goto(`${server.base}/console#/rules/new`);
  await newRule(tab, "The second", "secondling");
  release();
  await tab.getByText("Saved: Draft.").waitFor();
  assert.equal(await field(tab, "Name").inputValue(), "The second");
  await tab.getByRole("heading", { level: 1, name: "New rule" }).waitFor();
  await tab.waitForTimeout(700);
  await tab.reload();
  await tab.getByRole("heading", { level: 1, name: "New rule" }).waitFor();
  assert.equal(await field(tab, "Name").inputValue(), "The second");
  assert.deepEqual(troubles, []);
});

test("a conflict about one rule does not come over another", async () => {
  const [one, other] = [await make("One", "oneling"), await make("Other", "otherling")];
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${one.id}` });
  await field(tab, "Note").fill("Mine of one");
  const release = await hold(tab, `**/moderation/rules/${one.id}*`, "PUT");
  await button(tab, "Publish live").click();
  await write(one, { note: "Theirs of one" });
  await tab.goto(`${server.base}/console#/rules/${other.id}`);
  await tab.getByRole("heading", { level: 1, name: "Other" }).waitFor();
  release();
  await tab.waitForTimeout(800);
  assert.equal(await tab.getByRole("heading", { name: /Somebody else changed this rule/ }).count(), 0);
  assert.equal(await field(tab, "Name").inputValue(), "Other");
  await tab.goto(`${server.base}/console#/rules/${one.id}`);
  await tab.getByRole("heading", { level: 1, name: "One" }).waitFor();
  assert.equal(await field(tab, "Note").inputValue(), "Mine of one", "what was typed is kept");
  await button(tab, "Publish live").click();
  await button(tab, "Take theirs").click();
  await tab.getByText("Unsaved changes").waitFor({ state: "detached" });
  assert.equal(await field(tab, "Note").inputValue(), "Theirs of one");
  assert.deepEqual(troubles, []);
});

test("undo takes back what one did, and not what somebody did after that", async () => {
  const rule = await make("To be undone", "undoling", { note: "before" });
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  const change = async (note) => {
    await field(tab, "Note").fill(note);
    await button(tab, "Publish live").click();
    await tab.getByText("Saved: Live.").last().waitFor();
  };
  await change("after");
  await button(tab, "Undo").last().click();
  await tab.getByText("Taken back.").waitFor();
  assert.equal((await read(rule.id)).note, "before");
  assert.equal(await field(tab, "Note").inputValue(), "before");
  await change("again");
  await button(tab, "Undo").waitFor();
  await write(await read(rule.id), { note: "somebody else's" });
  await button(tab, "Undo").waitFor({ state: "detached", timeout: 5_000 });
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("z");
  assert.equal((await read(rule.id)).note, "somebody else's");
  assert.deepEqual(troubles, []);
});

test("versions are compared, and one is restored", async () => {
  const rule = await make("Many versions", "manyling");
  await write(rule, { terms: ["manyling", "moreling"] });
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  const versions = tab.getByRole("region", { name: "Versions" });
  await versions.getByText("moreling").first().waitFor();
  await versions.getByRole("button", { name: /Restore – Version 1/ }).click();
  await tab.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await tab.getByText("Restored.").waitFor();
  const restored = await read(rule.id);
  assert.deepEqual([restored.version, restored.terms], [3, ["manyling"]]);
  await versions.getByText("Version 3").first().waitFor();
  assert.deepEqual(troubles, []);
});

test("changes that were discarded can be had back", async () => {
  const rule = await make("Discarded", "discardling");
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  await field(tab, "Note").fill("A long thought");
  await button(tab, "Discard the changes").click();
  await tab.getByText("Your changes are discarded.").waitFor();
  assert.equal(await field(tab, "Note").inputValue(), "");
  await button(tab, "Undo").last().click();
  await tab.getByText("Unsaved changes").waitFor();
  assert.equal(await field(tab, "Note").inputValue(), "A long thought");
  assert.deepEqual(troubles, []);
});

test("a back-test that breaks off is said to have failed", async () => {
  const rule = await make("Broken off", "brokeling");
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  await tab.route("**/moderation/backtest", (route) => route.fulfill({ status: 200, contentType: "application/x-ndjson", body: '{"scanned":10,"total":100}\n' }));
  await button(tab, "Run the back-test").click();
  await tab.getByRole("region", { name: "Back-test" }).getByRole("alert").waitFor();
  await button(tab, "Run the back-test").waitFor();
  assert.deepEqual(troubles, []);
});

test("an example that could not be tried is tried again", async () => {
  const rule = await make("Hiccup", "hiccupling");
  const { page: tab, troubles } = await enter(browser, server, { expected, at: `rules/${rule.id}` });
  let isAway = true;
  await tab.route("**/moderation/check", (route) =>
    isAway ? route.fulfill({ status: 503, contentType: "application/json", body: '{"data":null,"error_message":"The database is away."}' }) : route.continue(),
  );
  await field(tab, "Must be caught").fill("a hiccupling");
  await tab.getByText("could not be tried").first().waitFor();
  isAway = false;
  await field(tab, "Must be caught").fill("a hiccupling\none more hiccupling");
  await tab.getByText("2 examples pass").waitFor();
  assert.deepEqual(troubles, []);
});

test("a rule that would hit ordinary chat is put in force by an admin alone, with a reason", async () => {
  const tries = async (as) => {
    const { page: tab } = await enter(browser, server, { as, expected, at: "rules/new" });
    await newRule(tab, "Everything", "the");
    await button(tab, "Publish live").click();
    await tab.getByText("The server does not accept the rule like this").waitFor();
    return tab;
  };
  await (await tries("moderator")).getByText("An admin may put it in force all the same.").waitFor();
  const tab = await tries("admin");
  await field(tab, "Reason").fill("For the test");
  await button(tab, "Put it in force all the same").click();
  await tab.getByText("Saved: Live.").waitFor();
  const id = tab.url().match(/rules\/(\d+)/)[1];
  assert.equal((await read(id)).state, "live");
  const audit = await server.tell("admin", "GET", "/moderation/audit?limit=5&action=rule");
  assert.match(JSON.stringify(audit), /For the test/);
});

test("what is exported is imported again, after it is said what that changes; a broken file is refused", async () => {
  const { page: tab, troubles } = await enter(browser, server, { as: "admin", expected, at: "rules" });
  const downloading = tab.waitForEvent("download");
  await button(tab, "Export").click();
  const path = join(server.folder, "rules.json");
  await (await downloading).saveAs(path);
  const { rules } = JSON.parse(readFileSync(path, "utf8"));
  const kept = rules.filter(({ name }) => name !== "Everything");
  kept[0].note = "Changed in the file";
  writeFileSync(path, JSON.stringify({ rules: [...kept, termsRule("From the file", ["fileling"])] }));
  const dialog = tab.getByRole("dialog", { name: "Import rules" });
  const choose = async (file) => {
    await button(tab, /^Import…/).click();
    await dialog.getByLabel("Document of rules (JSON)").setInputFiles(file);
    await dialog.getByRole("button", { name: "Show what would happen" }).click();
  };
  await choose(path);
  await dialog.getByText("From the file").waitFor();
  await dialog.getByText("Everything").waitFor();
  await dialog.getByText(kept[0].name, { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const { rules: after } = await server.tell("admin", "GET", "/moderation/rules/export");
  assert.equal(after.some(({ name }) => name === "Everything"), false);
  assert.equal(after.some(({ name }) => name === "From the file"), true);
  writeFileSync(path, "[{ not json");
  await choose(path);
  await dialog.getByText("This file is not JSON.").waitFor();
  assert.deepEqual((await server.tell("admin", "GET", "/moderation/rules/export")).rules, after);
  assert.deepEqual(troubles, []);
});

test("what the server has against a rule is said in the reader's language, where it belongs", async () => {
  const { page: tab, troubles } = await enter(browser, server, { expected, at: "rules/new", locale: "fr-FR" });
  const publish = tab.getByRole("button", { name: "Mettre en vigueur" });
  await field(tab, "Nom").fill("Plaintes");
  await field(tab, "Doit être attrapé").fill("rien de tel");
  await publish.click();
  await tab.getByText("Mots et expressions – Il n’y a encore rien.").first().waitFor();
  await field(tab, "Mots et expressions").fill("zorglub\n.");
  await publish.click();
  await tab.getByText("Mots et expressions – Aucune lettre, aucun chiffre ni symbole à chercher. (ligne 2)").first().waitFor();
  await field(tab, "Mots et expressions").fill("zorglub");
  await publish.click();
  await tab.getByText("Doit être attrapé – La règle ne l’attrape pas. (ligne 1)").first().waitFor();
  await field(tab, "Doit être attrapé").fill("zorglub");
  await field(tab, "Ne doit pas être trouvé").fill("un zorglub");
  await publish.click();
  await tab.getByText("Ne doit pas être trouvé – La règle l’attrape. (ligne 1)").first().waitFor();
  await tab.getByRole("radio", { name: /^Liens/ }).check();
  await field(tab, "Sites à trouver").fill("site.example\npas un site");
  await publish.click();
  await tab.getByText("Sites à trouver – Ce n’est pas un domaine comme example.com ou *.example.com. (ligne 2)").first().waitFor();
  assert.deepEqual(troubles, []);
});

test("a new rule is not tried before it is complete, and publishing it names every field that is missing", async () => {
  const { page: tab, troubles } = await enter(browser, server, { expected, at: "rules" });
  const tries = [];
  tab.on("request", (request) => void (request.url().endsWith("/moderation/check") && tries.push(request.postData())));
  await tab.goto(`${server.base}/console#/rules/new`);
  await field(tab, "A text, as somebody might write it").fill("a snicklefritz");
  await tab.getByText("The rule is not complete yet:").waitFor();
  await tab.waitForTimeout(1_000);
  assert.deepEqual(tries, []);
  await button(tab, "Publish live").click();
  const refusal = tab.getByRole("alert").filter({ hasText: "The server does not accept the rule like this" });
  await refusal.getByText("Name – Nothing is there yet.").waitFor();
  await refusal.getByText("Words and phrases – Nothing is there yet.").waitFor();
  assert.equal(await tab.locator("[aria-invalid=true]").count(), 2);
  await newRule(tab, "Snickle", "snicklefritz");
  await tab.locator(".rule-found").getByText("this rule").waitFor();
  assert.ok(tries.length > 0);
  assert.deepEqual(troubles, []);
});
