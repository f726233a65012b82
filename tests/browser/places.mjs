// Going about in the console: back and forward, a server that is away, ids as they are shown, what is in sight.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chat, enter } from "./browser.mjs";
import { decidable, frobnicate, lab } from "./lab.mjs";
import { USERS } from "./server.mjs";
import { settled } from "./views.mjs";

const { browser, server } = await lab();
let bob = await frobnicate({ browser, server }, ["one", "two", "three"]);

const expected = /status of (4\d\d|5\d\d|0)|ERR_|Failed to fetch/;
const place = (tab) => tab.evaluate(() => location.hash);

test("back closes a question, and stays on its page", async () => {
  const { page: tab, troubles } = await enter(browser, server, { at: "people" });
  await tab.goto(`${server.base}/console#/queue/1`);
  await tab.getByRole("button", { name: /^Ban…/ }).click();
  const question = tab.getByRole("dialog", { name: "Ban this person" });
  await question.waitFor();
  await tab.goBack();
  await question.waitFor({ state: "detached" });
  assert.equal(await place(tab), "#/queue/1");
  await tab.getByRole("heading", { name: "Incident 1" }).waitFor();
  await tab.goBack();
  await tab.getByRole("heading", { level: 1, name: "People" }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a question that was closed otherwise is no step on the way back", async () => {
  const { page: tab, troubles } = await enter(browser, server, { at: "people" });
  await tab.goto(`${server.base}/console#/queue/1`);
  for (const close of [() => tab.keyboard.press("Escape"), () => tab.getByRole("button", { name: "Cancel" }).click()]) {
    await tab.getByRole("button", { name: /^Ban…/ }).click();
    await tab.getByRole("dialog", { name: "Ban this person" }).waitFor();
    await close();
    await tab.getByRole("dialog").waitFor({ state: "detached" });
  }
  await tab.waitForTimeout(200);
  await tab.goBack();
  await tab.getByRole("heading", { level: 1, name: "People" }).waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("back does not leave the page of a session that ended", async () => {
  const { page: tab } = await enter(browser, server, { at: "people", expected });
  await tab.goto(`${server.base}/console#/queue/1`);
  await tab.getByRole("heading", { name: "Incident 1" }).waitFor();
  await tab.route("**/moderation/**", (route) => route.fulfill({ status: 401, contentType: "application/json", body: "{}" }));
  await tab.getByRole("button", { name: "Filters" }).or(tab.getByRole("combobox", { name: "Status" })).selectOption("upheld");
  const ended = tab.getByRole("dialog", { name: "Sign in again" });
  await ended.waitFor();
  const before = await place(tab);
  await tab.goBack();
  await tab.waitForTimeout(500);
  assert.equal(await ended.isVisible(), true);
  assert.equal(await place(tab), before);
  await tab.context().close();
});

test("a view that cannot be loaded is said to be one, and is there when the server is", async () => {
  const { page: tab } = await enter(browser, server, { expected });
  await server.down();
  await tab.getByText("Not live: reconnecting").waitFor();
  await tab.getByRole("navigation").getByRole("link", { name: "Numbers" }).click();
  const alert = tab.getByRole("alert");
  await alert.getByText("This part of the console could not be loaded: the server cannot be reached.").waitFor();
  assert.doesNotMatch(await tab.locator("body").innerText(), /module|TypeError|http:|\.js/, "the browser's words are not ours");
  await alert.getByRole("button", { name: "Try again" }).click();
  await alert.getByText("This part of the console could not be loaded").waitFor();
  await server.up();
  await tab.getByRole("button", { name: "Try again" }).click().catch(() => {});
  await tab.getByRole("heading", { level: 1, name: "Numbers" }).waitFor({ timeout: 40_000 });
  await tab.context().close();
});

test("the beginning of an id finds its user wherever an id is typed", async () => {
  const { page: tab, troubles } = await enter(browser, server, { at: "people", expected });
  const [id] = USERS.bob;
  for (const typed of [id.slice(0, 8), ` ${id.slice(0, 8).toUpperCase()}…`, id.slice(0, 13), id]) {
    await tab.goto(`${server.base}/console#/people`);
    await tab.getByRole("heading", { level: 1, name: id }).waitFor({ state: "detached" });
    await tab.getByRole("textbox", { name: "User’s id" }).fill(typed);
    await tab.getByRole("button", { name: "Open" }).click();
    await tab.getByRole("heading", { level: 1, name: id }).waitFor();
  }
  await tab.goto(`${server.base}/console#/people/${id.slice(0, 8)}`);
  await tab.getByRole("heading", { level: 1, name: id }).waitFor();

  await tab.goto(`${server.base}/console#/queue`);
  const sender = tab.getByRole("textbox", { name: /^Sender/ });
  await sender.fill(id.slice(0, 8));
  await sender.blur();
  await tab.waitForFunction((id) => location.hash.includes(`user_id=${id}`), id);
  await tab.getByText("3 open incidents").waitFor();
  await tab.goto(`${server.base}/console#/queue?user_id=${id.slice(0, 8)}`);
  await tab.waitForFunction((id) => location.hash.includes(`user_id=${id}`), id);

  await server.tell("moderator", "PUT", "/moderation/incidents/1/viewing");
  await tab.goto(`${server.base}/console#/audit`);
  const actor = tab.getByRole("textbox", { name: /^Who/ });
  await actor.fill(USERS.moderator[0].slice(0, 8));
  await actor.blur();
  await tab.waitForFunction((id) => location.hash.includes(`actor=${id}`), USERS.moderator[0]);
  await tab.getByRole("cell", { name: "0de7a700" }).first().waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("what is no id, is nobody's, or is several people's is said", async () => {
  const twin = "b0b00000-ffff-4000-8000-00000000000f";
  await server.tell("moderator", "POST", "/moderation/bans", { user_id: twin, reason: "A twin", expires_at: null });
  const { page: tab, troubles } = await enter(browser, server, { at: "people", expected });
  const find = async (typed) => {
    await tab.getByRole("textbox", { name: "User’s id" }).fill(typed);
    await tab.getByRole("button", { name: "Open" }).click();
  };
  await find("Your account is locked");
  await tab.getByRole("alert").getByText("This is no user’s id.").waitFor();
  await find("dead0000");
  await tab.getByRole("alert").getByText("Nobody is known here whose id begins with dead0000.").waitFor();
  await find("b0b00000");
  await tab.getByRole("alert").getByText("Several ids begin with b0b00000.").waitFor();
  await tab.getByRole("button", { name: twin, exact: true }).click();
  await tab.getByRole("heading", { level: 1, name: twin }).waitFor();
  await server.tell("moderator", "DELETE", `/moderation/bans/${twin}`);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a whole id is copied by one click", async () => {
  const { page: tab, troubles } = await enter(browser, server, { at: "queue/1", permissions: ["clipboard-read", "clipboard-write"] });
  await tab.getByRole("button", { name: "Copy the id" }).click();
  await tab.getByText("The id is copied.").waitFor();
  assert.equal(await tab.evaluate(() => navigator.clipboard.readText()), USERS.bob[0]);
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("an empty filter says that it matches nothing, and is cleared by a button", async () => {
  const { page: tab, troubles } = await enter(browser, server);
  await tab.getByRole("combobox", { name: "About" }).selectOption("threat");
  await tab.getByText("No incident matches these filters.").waitFor();
  assert.equal(await tab.getByText("Nothing is waiting.").count(), 0);
  await tab.getByRole("button", { name: "Clear the filters" }).click();
  await tab.getByText("3 open incidents").waitFor();
  await tab.goto(`${server.base}/console#/queue?status=no-such-status&user_id=Call+our+hotline&rule_id=x`);
  await tab.getByText("3 open incidents").waitFor();
  assert.equal(await tab.getByText("hotline").count(), 0);
  await tab.goto(`${server.base}/console#/audit?action=nothing.such`);
  await tab.getByText("Nothing was found.").waitFor();
  await tab.getByRole("button", { name: "Clear the filters" }).click();
  await tab.getByRole("table").waitFor();
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("a number is taken as it stands elsewhere", async () => {
  const { page: tab, troubles } = await enter(browser, server);
  for (const typed of ["Room 1", "#1", "1"]) {
    const room = tab.getByRole("textbox", { name: /^Room/ });
    await room.fill(typed);
    await room.blur();
    await tab.waitForFunction(() => location.hash.includes("room_id=1"));
    await tab.goto(`${server.base}/console#/queue`);
    await tab.getByText("3 open incidents").waitFor();
  }
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

test("the list follows to the row that is opened next, also from its end to its top and over its pages", async () => {
  const alice = await chat(browser, server, "alice");
  bob = await chat(browser, server, "bob");
  for (let number = 1; number <= 118; number++) await (number % 2 ? alice : bob).say(`frobnicate long ${number}`);
  await alice.close();
  const { page: tab, troubles } = await enter(browser, server, { viewport: { width: 1280, height: 700 } });
  const inSight = () =>
    tab.evaluate(() => {
      const pane = document.querySelector(".queue-scroll").getBoundingClientRect();
      const row = document.querySelector(".queue-row[aria-current]")?.getBoundingClientRect();
      return Boolean(row && row.top >= pane.top - 1 && row.bottom <= pane.bottom + 1);
    });
  const rows = tab.getByRole("group", { name: "Incidents" });
  await rows.getByRole("link").first().waitFor();
  const incidents = await server.tell("moderator", "GET", "/moderation/incidents?status=open&limit=500");
  // Down to the hundredth row, the last of the first page, and on.
  await tab.goto(`${server.base}/console#/queue/${incidents[99].id}`);
  await decidable(tab);
  await tab.keyboard.press("j");
  await tab.waitForFunction((id) => location.hash.startsWith(`#/queue/${id}`), incidents[100].id);
  await tab.waitForTimeout(300);
  assert.equal(await inSight(), true, "the next page's first row");
  // The last one, decided: the next one is at the top.
  await tab.goto(`${server.base}/console#/queue/${incidents.at(-1).id}`);
  await decidable(tab);
  await tab.keyboard.press("u");
  await tab.waitForFunction((id) => location.hash.startsWith(`#/queue/${id}`), incidents[0].id);
  await tab.waitForTimeout(300);
  assert.equal(await inSight(), true, "the top row");
  await tab.keyboard.press("z");
  assert.deepEqual(troubles, []);
  await tab.context().close();
});

for (const [width, locale] of [[360, "fr-FR"], [768, "en-GB"], [1280, "en-GB"], [1440, "fr-FR"], [1920, "fr-FR"], [2560, "en-GB"]]) {
  test(`what can be done to a ban is in sight at ${width} px`, async () => {
    await server.tell("moderator", "POST", "/moderation/bans", { user_id: "c0ffee00-0000-4000-8000-000000000009", reason: "Asks for the deposit outside the site, ".repeat(8), expires_at: null });
    const { page: tab } = await enter(browser, server, { at: "people", locale, viewport: { width, height: 900 } });
    for (const at of ["people", "people/c0ffee00-0000-4000-8000-000000000009", "rules", "audit"]) {
      await tab.goto(`${server.base}/console#/${at}`);
      await settled(tab);
      const hidden = await tab.evaluate(() =>
        [...document.querySelectorAll("main :is(button, a, summary)")]
          .filter((element) => {
            const box = element.getBoundingClientRect();
            const frame = element.closest(".table, .bans")?.getBoundingClientRect();
            return box.width > 0 && frame && (box.left >= frame.right - 4 || box.right > innerWidth + 1);
          })
          .map((element) => element.ariaLabel || element.textContent.trim()),
      );
      assert.deepEqual(hidden, [], at);
    }
    await tab.context().close();
  });
}

test("short words cover no button, and go when they are true no longer", async () => {
  for (const width of [360, 1280, 1920]) {
    const { page: tab } = await enter(browser, server, { at: `people/${USERS.bob[0]}`, viewport: { width, height: 700 } });
    await tab.getByRole("button", { name: "Ban…" }).click();
    const question = tab.getByRole("dialog", { name: "Ban this person" });
    await question.getByRole("textbox", { name: "Reason" }).fill("Scams");
    await question.getByRole("button", { name: "Ban this person" }).click();
    const toast = tab.locator(".toast").filter({ hasText: "Banned." });
    await toast.waitFor();
    const buttons = tab.locator("main :is(button, a):visible");
    for (let at = 0; at < (await buttons.count()); at++) {
      const button = buttons.nth(at);
      await button.scrollIntoViewIfNeeded();
      const covered = await button.evaluate((element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        if (!document.querySelector(".toast")) return false;
        if (matchMedia("(max-width: 56rem)").matches) element.scrollIntoView({ block: "center" });
        const box = matchMedia("(max-width: 56rem)").matches ? element.getBoundingClientRect() : { left, top, width, height };
        return Boolean(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest(".toast"));
      });
      assert.equal(covered, false, `${width} px: ${await button.textContent()}`);
    }
    await server.tell("admin", "DELETE", `/moderation/bans/${USERS.bob[0]}`);
    await toast.waitFor({ state: "detached", timeout: 5_000 });
    await tab.context().close();
  }
});

test("numbers that cannot be changed look like it", async () => {
  const look = async (as) => {
    const { page: tab } = await enter(browser, server, { as, at: "settings" });
    const field = tab.getByLabel("Strikes that ban");
    await field.waitFor();
    const style = await field.evaluate((element) => {
      const { backgroundColor, borderTopStyle, cursor } = getComputedStyle(element);
      return { backgroundColor, borderTopStyle, cursor };
    });
    await tab.context().close();
    return style;
  };
  const [free, fixed] = [await look("admin"), await look("moderator")];
  for (const name of ["backgroundColor", "borderTopStyle", "cursor"]) assert.notEqual(free[name], fixed[name], name);
});
