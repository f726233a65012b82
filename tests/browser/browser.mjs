// The browser under test: Debian's Chromium, headless, with the server's pages as its whole world.

import { chromium } from "playwright-core";

export const base = process.env.BASE_URL;
export const tokens = { alice: process.env.TOKEN_A, bob: process.env.TOKEN_B };

/** Opens a browser of its own, as another person on another machine would have. */
export function open() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * A page that notes what goes wrong in it: breaches of its content security policy, dialogs, requests to other hosts.
 * `strangers` are other hosts that it may ask.
 */
export async function page(browser, { strangers = [], expected = null, ...options } = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected?.test(message.text())) troubles.push(message.text());
  });
  page.on("dialog", (dialog) => {
    troubles.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const hosts = new Set(strangers);
  page.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol)) hosts.add(host);
  });
  await page.exposeBinding("noteViolation", (_, text) => void troubles.push(text));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) =>
      window.noteViolation(`${event.violatedDirective} refused ${event.blockedURI} ${event.sample} at ${event.sourceFile}:${event.lineNumber}`),
    ),
  );
  return { page, troubles, hosts };
}

/** Lets a browser in at a server of `dev`, as its link does. */
export async function letIn(page, server) {
  const headers = { Origin: server.base, "Sec-Fetch-Site": "same-origin" };
  const answer = await page.request.post(`${server.base}/web/sign-in.json`, { data: { code: await server.code() }, headers });
  if (!answer.ok()) throw new Error(`not let in: ${answer.status()}`);
}

/** The console at this place, as a user of `dev`. */
export async function enter(browser, server, { as = "moderator", at = "queue", ...options } = {}) {
  const opened = await page(browser, options);
  await letIn(opened.page, server);
  await opened.page.goto(`${server.base}/console?as=${as}#/${at}`);
  await opened.page.getByRole("heading", { level: 1 }).waitFor();
  await opened.page.getByRole("navigation").waitFor();
  return opened;
}

/** Somebody who chats from a browser. */
export async function chat(browser, server, user) {
  const { page: tab } = await page(browser);
  await tab.goto(server.base);
  await tab.evaluate(
    ([base, token]) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${base.replace("http", "ws")}/?token=${token}`);
        window.chat = { frames: [], socket, closed: null };
        socket.onmessage = ({ data }) => window.chat.frames.push(JSON.parse(data));
        socket.onclose = ({ code, reason }) => (window.chat.closed = { code, reason });
        socket.onopen = () => resolve();
        socket.onerror = () => reject(new Error("the handshake failed"));
      }),
    [server.base, server.token(user)],
  );
  return {
    tab,
    /** Sends, and waits for the answer. */
    async say(message, room_id = 1) {
      await tab.evaluate(
        ([room_id, message]) => {
          const message_temp_id = crypto.randomUUID();
          window.chat.temp = message_temp_id;
          window.chat.socket.send(JSON.stringify({ type: "SendMessage", data: { room_id, message, message_temp_id } }));
        },
        [room_id, message],
      );
      const answer = await tab.waitForFunction(
        () => window.chat.closed ?? window.chat.frames.find(({ type, data }) => type === "MessageSentConfirmation" && data.message_id === window.chat.temp)?.data,
      );
      return answer.jsonValue();
    },
    closed: async () => (await tab.waitForFunction(() => window.chat.closed)).jsonValue(),
    close: () => tab.context().close(),
  };
}
