// Two people chat, each with a browser of their own, over nothing but the contract.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { base, open, page, tokens } from "./browser.mjs";

/** The front end: an empty page on another origin than the server's. */
const frontEnd = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<title>A</title>"));
let browsers = [];
before(async () => {
  await new Promise((resolve) => frontEnd.listen(0, "127.0.0.1", resolve));
  browsers = await Promise.all([open(), open()]);
});
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  frontEnd.close();
});

/** Connects from within the page; frames and the close are kept for the test to read. */
async function connect(browser, token, protocols = []) {
  const { page: tab } = await page(browser);
  await tab.goto(`http://127.0.0.1:${frontEnd.address().port}`);
  await tab.evaluate(
    ([base, token, protocols]) =>
      new Promise((resolve, reject) => {
        const address = base.replace("http", "ws") + (protocols.length ? "" : `?token=${token}`);
        window.chat = { frames: [], socket: new WebSocket(address, protocols) };
        window.chat.socket.onmessage = (event) => window.chat.frames.push(JSON.parse(event.data));
        window.chat.socket.onclose = ({ code, reason }) => (window.chat.closed = { code, reason });
        window.chat.socket.onopen = resolve;
        window.chat.socket.onerror = () => reject(new Error("the handshake failed"));
      }),
    [base, token, protocols],
  );
  return {
    send: (room_id, message) =>
      tab.evaluate(
        ([room_id, message]) =>
          window.chat.socket.send(
            JSON.stringify({ type: "SendMessage", data: { room_id, message, message_temp_id: crypto.randomUUID() } }),
          ),
        [room_id, message],
      ),
    sendRaw: (text) => tab.evaluate((text) => window.chat.socket.send(text), text),
    frame: async (type) => {
      await tab.waitForFunction((type) => window.chat.frames.some((frame) => frame.type === type), type);
      return tab.evaluate((type) => {
        const at = window.chat.frames.findIndex((frame) => frame.type === type);
        return window.chat.frames.splice(at, 1)[0].data;
      }, type);
    },
    closed: async () => (await tab.waitForFunction(() => window.chat.closed)).jsonValue(),
    request: (method, path, body) =>
      tab.evaluate(
        async ([address, method, body, token]) => {
          const response = await fetch(address, {
            method,
            headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
            body: body && JSON.stringify(body),
          });
          return response.json();
        },
        [base + path, method, body, token],
      ),
  };
}

test("two browsers hold a conversation, and both find it again over REST", async () => {
  const [alice, bob] = await Promise.all([connect(browsers[0], tokens.alice), connect(browsers[1], tokens.bob)]);
  const bobsId = JSON.parse(atob(tokens.bob.split(".")[1])).sub;
  const { data: room } = await alice.request("POST", "/rooms", { users: [bobsId], apartment_id: null });

  await alice.send(room, "Bonjour ! L'appartement est libre en août ?");
  assert.equal((await alice.frame("MessageSentConfirmation")).confirmed, true);
  assert.equal((await bob.frame("MessageReceived")).message, "Bonjour ! L'appartement est libre en août ?");
  await bob.send(room, "Yes 🎉 from the 3rd");
  assert.equal((await bob.frame("MessageSentConfirmation")).confirmed, true);
  assert.equal((await alice.frame("MessageReceived")).message, "Yes 🎉 from the 3rd");

  const { messages } = await bob.request("GET", `/rooms/${room}`);
  assert.deepEqual(
    messages.map(({ message }) => message),
    ["Bonjour ! L'appartement est libre en août ?", "Yes 🎉 from the 3rd"],
  );
});

test("a browser reads why it is closed, and a token may come as a subprotocol", async () => {
  const alice = await connect(browsers[0], tokens.alice, ["plic.v2.json", `plic.bearer.${tokens.alice}`]);
  await alice.sendRaw("{}");
  assert.deepEqual((await alice.frame("Disconnection")).code, 4010);
  assert.deepEqual(await alice.closed(), { code: 4010, reason: "BadMessageStructure" });

  const stranger = await connect(browsers[1], "not-a-token");
  assert.deepEqual(await stranger.closed(), { code: 4002, reason: "CloseInvalidToken" });
});
