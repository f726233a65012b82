// What the pages weigh, whom they ask, and how they bear a long queue.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { chat, enter, letIn, page } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { termsRule } from "./server.mjs";
import { settled } from "./views.mjs";

const MOST_BYTES = 150 * 1_024;
const INCIDENTS = 10_000;
const MOST_ELEMENTS = 1_500;

const { browser, server } = await lab();

for (const address of ["/console?as=moderator", "/playground", "/"]) {
  test(`${address} loads in ${MOST_BYTES / 1_024} KiB at most, from its own server alone`, async () => {
    const { page: tab, troubles, hosts } = await page(browser);
    await letIn(tab, server);
    const session = await tab.context().newCDPSession(tab);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    await tab.goto(server.base + address);
    await settled(tab);
    assert.ok(bytes > 0 && bytes <= MOST_BYTES, `${bytes} bytes`);
    assert.deepEqual([...hosts], [new URL(server.base).host]);
    assert.deepEqual(troubles, []);
  });
}

/** Copies the incidents that there are until there are so many. */
const MULTIPLY = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
columns = [row[1] for row in database.execute("pragma table_info(incidents)") if row[1] != "id"]
names = ", ".join(columns)
while (count := database.execute("select count(*) from incidents").fetchone()[0]) < int(sys.argv[2]):
    database.execute(f"insert into incidents ({names}) select {names} from incidents limit ?", (int(sys.argv[2]) - count,))
database.commit()
`;

test("ten thousand incidents leave the document small, and one reaches the last", async () => {
  await server.tell("moderator", "POST", "/moderation/rules", termsRule("Frobs", ["frobnicate"]));
  const bob = await chat(browser, server, "bob");
  for (let number = 0; number < 5; number++) await bob.say(`frobnicate ${number}`);
  await server.down();
  execFileSync("python3", ["-c", MULTIPLY, `${server.folder}/chat.db`, String(INCIDENTS)]);
  await server.up();

  const { page: tab, troubles } = await enter(browser, server);
  const list = tab.getByRole("group", { name: "Incidents" });
  await list.getByRole("link").first().waitFor();
  const elements = () => tab.evaluate(() => document.querySelectorAll("*").length);
  assert.ok((await elements()) < MOST_ELEMENTS, `${await elements()} elements`);
  const began = Date.now();
  for (let height = 0; Date.now() - began < 60_000; ) {
    const now = await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
      return element.scrollHeight;
    });
    await tab.waitForTimeout(60);
    if (now === height && (await tab.getByText(/^10,000 open incidents$/).count())) break;
    height = now;
  }
  await tab.getByText(/^10,000 open incidents$/).waitFor();
  assert.ok((await elements()) < MOST_ELEMENTS, `${await elements()} elements at the end`);
  assert.deepEqual(troubles, []);
});
