// A decision waits before it is sent, and nothing is decided that nobody has read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";

const { browser, server } = await lab();
const bob = await frobnicate({ browser, server }, []);

const expected = /status of (4\d\d|5\d\d|0)|ERR_/;
const incident = (id) => server.tell("moderator", "GET", `/moderation/incidents/${id}`);
const count = async (status) => (await server.tell("moderator", "GET", `/moderation/incidents?status=${status}&limit=500`)).length;

/** Makes one and opens it. */
async function opened(word, options) {
  await bob.say(`frobnicate ${word}`);
  const [{ id }] = await server.tell("moderator", "GET", "/moderation/incidents?limit=1");
  const { page: tab, ...rest } = await enter(browser, server, { expected, at: `queue/${id}`, ...options });
  await decidable(tab);
  return { tab, id, ...rest };
}

test("what a decision changes stands below its button, and the sender above the conversation", async () => {
  const { tab, id, troubles } = await opened("explained");
  await tab.getByText("It was right; nothing else changes.").waitFor();
  assert.equal(await tab.getByRole("button", { name: /^Uphold/ }).getAttribute("aria-describedby"), "hint-uphold");
  const headings = await tab.getByRole("heading", { level: 3 }).allInnerTexts();
  assert.ok(headings.indexOf("The sender") < headings.indexOf("The conversation"), headings.join());
  await server.tell("moderator", "POST", `/moderation/incidents/${id}/decision`, { decision: "uphold", note: null });
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a decision counts down, is not sent meanwhile, and takes effect after six seconds", async () => {
  const { tab, id, troubles } = await opened("counted");
  await tab.keyboard.press("u");
  await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
  const seconds = async () => Number.parseInt(await tab.locator(".toast .countdown").innerText(), 10);
  const first = await seconds();
  assert.ok(first > 0 && first <= 6, `${first} s`);
  assert.equal((await incident(id)).status, "open", "nothing was sent yet");
  await tab.waitForFunction((first) => Number.parseInt(document.querySelector(".toast .countdown")?.innerText, 10) < first, first);
  await tab.getByText(`Incident ${id}: upheld.`).waitFor();
  assert.equal((await incident(id)).status, "upheld");
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

for (const [way, undo] of [
  ["the key Z", (tab) => tab.keyboard.press("z")],
  ["the button", (tab) => tab.locator(".toasts").getByRole("button", { name: /^Undo/ }).click()],
]) {
  test(`${way} takes a decision back, and opens its incident again`, async () => {
    const { tab, id, troubles } = await opened(`back by ${way}`);
    await tab.keyboard.press("n");
    await tab.keyboard.type("Hastily");
    await tab.keyboard.press("Escape");
    await tab.keyboard.press("d");
    await tab.getByText(`Incident ${id} will be dismissed.`).first().waitFor();
    await undo(tab);
    await tab.getByText(`Taken back: incident ${id} is still open.`).waitFor();
    await tab.getByRole("heading", { name: `Incident ${id}` }).waitFor();
    assert.equal(await tab.getByRole("textbox", { name: /^Note/ }).inputValue(), "Hastily");
    await tab.waitForTimeout(7_000);
    assert.equal((await incident(id)).status, "open");
    await server.tell("moderator", "POST", `/moderation/incidents/${id}/decision`, { decision: "uphold", note: null });
    assert.deepEqual(troubles, []);
    await tab.context().close();
  });
}

test("four key presses in a second decide one incident, and the others are said not to be", async () => {
  for (const number of [1, 2, 3, 4]) await bob.say(`frobnicate in haste ${number}`);
  const before = await count("upheld");
  const { tab, troubles } = await opened("in haste 5");
  for (let times = 0; times < 4; times++) {
    await tab.keyboard.press("u");
    await tab.waitForTimeout(200);
  }
  await tab.getByText("Nothing was decided: this incident has only just come up.").waitFor();
  await tab.getByText(/^Incident \d+: upheld\./).waitFor();
  await tab.waitForTimeout(1_000);
  assert.equal(await count("upheld"), before + 1);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a double click on a decision decides one incident", async () => {
  await bob.say("frobnicate clicked 1");
  const before = await count("dismissed");
  const { tab, troubles } = await opened("clicked 2");
  await tab.getByRole("button", { name: /^Dismiss/ }).dblclick();
  await tab.getByText(/^Incident \d+: dismissed\./).waitFor();
  await tab.waitForTimeout(1_000);
  assert.equal(await count("dismissed"), before + 1);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("an incident in a tab that nobody sees does not become one that was read", async () => {
  const { tab, id } = await opened("unseen");
  await tab.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => window.seen ?? "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await tab.waitForTimeout(1_500);
  await tab.keyboard.press("u");
  await tab.getByText("Nothing was decided: this incident has only just come up.").waitFor();
  await tab.evaluate(() => {
    window.seen = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await decidable(tab);
  assert.equal((await incident(id)).status, "open");
  await tab.context().close();
});

test("it is sent whichever view is open by then", async () => {
  const { tab, id, troubles } = await opened("elsewhere");
  await tab.keyboard.press("u");
  await tab.getByRole("navigation").getByRole("link", { name: "Rules" }).click();
  await tab.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
  await tab.getByText(`Incident ${id} will be upheld.`).waitFor();
  await tab.getByText(`Incident ${id}: upheld.`).waitFor();
  assert.equal((await incident(id)).status, "upheld");
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("closing the tab is asked about, and sends what waits", async () => {
  const { tab, id } = await opened("closed");
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
  tab.removeAllListeners("dialog");
  const asked = tab.waitForEvent("dialog");
  const closed = tab.waitForEvent("close");
  await tab.close({ runBeforeUnload: true });
  const question = await asked;
  assert.equal(question.type(), "beforeunload");
  assert.equal((await incident(id)).status, "open");
  await question.accept();
  await closed;
  for (let tries = 0; tries < 50 && (await incident(id)).status === "open"; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await incident(id)).status, "upheld");
});

test("whoever stays in the tab may still take it back", async () => {
  const { tab, id } = await opened("stayed");
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
  tab.removeAllListeners("dialog");
  const asked = tab.waitForEvent("dialog");
  await tab.close({ runBeforeUnload: true });
  await (await asked).dismiss();
  await tab.keyboard.press("z");
  await tab.getByText(`Taken back: incident ${id} is still open.`).waitFor();
  assert.equal((await incident(id)).status, "open");
  await tab.context().close();
});

for (const [answer, status] of [["Send and sign out", "upheld"], ["Drop and sign out", "open"]]) {
  test(`signing out asks what becomes of what waits: ${answer}`, async () => {
    const { tab, id, troubles } = await opened(answer);
    await tab.getByRole("button", { name: /^Uphold/ }).click();
    await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
    await tab.getByRole("button", { name: "Sign out" }).click();
    const question = tab.getByRole("dialog", { name: "1 decision is not sent yet" });
    await question.getByRole("button", { name: "Stay" }).click();
    await question.waitFor({ state: "detached" });
    await tab.getByRole("button", { name: "Sign out" }).click();
    await question.getByRole("button", { name: answer }).click();
    await tab.getByRole("heading", { level: 1, name: "Moderation" }).waitFor();
    await tab.waitForTimeout(6_500);
    assert.equal((await incident(id)).status, status);
    assert.deepEqual(troubles, []);
    await tab.context().close();
  });
}

test("what waits is not sent as somebody else who signs in meanwhile", async () => {
  const { tab, id } = await opened("of another");
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
  await tab.route("**/moderation/**", (route) => route.fulfill({ status: 401, contentType: "application/json", body: "{}" }));
  await tab.getByRole("navigation").getByRole("link", { name: "Rules" }).click();
  const ended = tab.getByRole("dialog", { name: "Sign in again" });
  await ended.waitFor();
  await tab.unroute("**/moderation/**");
  await ended.getByLabel("Access token").fill(server.token("admin"));
  await ended.getByRole("button", { name: "Sign in" }).last().click();
  await ended.waitFor({ state: "detached" });
  await tab.waitForTimeout(6_500);
  assert.equal((await incident(id)).status, "open");
  await tab.context().close();
});

test("somebody else decides what waits: theirs stands, and it is said", async () => {
  const { tab, id, troubles } = await opened("faster");
  await tab.getByRole("textbox", { name: /^Note/ }).fill("My note");
  await tab.getByRole("button", { name: /^Uphold/ }).click();
  await tab.getByText(`Incident ${id} will be upheld.`).first().waitFor();
  await server.tell("admin", "POST", `/moderation/incidents/${id}/decision`, { decision: "dismiss", note: null });
  await tab.getByText(`Incident ${id}: moderator ad000000 was faster. Your decision was not sent.`).waitFor();
  await tab.getByRole("status").getByRole("link", { name: "Open it" }).click();
  await tab.getByText(/Somebody was faster: moderator ad000000/).waitFor();
  assert.equal(await tab.getByRole("textbox", { name: "Your note, not sent" }).inputValue(), "My note");
  assert.equal((await incident(id)).status, "dismissed");
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("the count of open incidents falls when incidents are decided, by oneself and by others", async () => {
  const { tab, id, troubles } = await opened("counted down");
  const open = await count("open");
  await tab.getByText(`${open} open incidents`, { exact: true }).waitFor();
  const others = await server.tell("moderator", "GET", "/moderation/incidents?status=open&limit=500");
  const other = others.find((each) => each.id !== id);
  await server.tell("admin", "POST", `/moderation/incidents/${other.id}/decision`, { decision: "dismiss", note: null });
  await tab.getByText(`${open - 1} open incidents`, { exact: true }).waitFor();
  await tab.keyboard.press("u");
  await tab.getByText(`Incident ${id}: upheld.`).waitFor();
  await tab.getByText(new RegExp(`^${open - 2} open incidents?$`)).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a notice that stays is not pushed out by those that go by themselves", async () => {
  const { tab, troubles } = await opened("noticed");
  await tab.evaluate(async () => {
    const { say } = await import("/web/shared/toast.js");
    say("This one stays.", { tone: "bad", stays: true });
    for (const number of [1, 2, 3, 4, 5]) say(`This one goes: ${number}.`);
  });
  await tab.getByText("This one goes: 5.").waitFor();
  await tab.getByText("This one stays.").waitFor();
  assert.equal(await tab.locator(".toast").filter({ hasText: "This one goes" }).count(), 3);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});
