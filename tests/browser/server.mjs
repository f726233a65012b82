// The real program on a database of its own, for one test file; what it needs to be asked and to be left.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const binary = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug/plic-chat");

/** The users of `plic-chat dev`. */
export const USERS = {
  alice: ["a11ce000-0000-4000-8000-000000000001", "user"],
  bob: ["b0b00000-0000-4000-8000-000000000002", "user"],
  moderator: ["0de7a700-0000-4000-8000-000000000003", "moderator"],
  admin: ["ad000000-0000-4000-8000-000000000004", "admin"],
};

/** Starts it; `mode` is `dev` or `serve`. The limits are wide, for a test is no person. */
export async function start({ mode = "dev", env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "plic-chat-"));
  const settings = {
    PATH: process.env.PATH,
    HOME: folder,
    DATABASE_URL: `sqlite://${folder}/chat.db`,
    PLIC_REST_LIMIT_PER_SECOND: "100000",
    PLIC_ADDRESS_LIMIT_PER_SECOND: "100000",
    PLIC_NEW_ROOMS_PER_DAY: "1000000",
    PLIC_PEOPLE_ADDED_PER_DAY: "1000000",
    PLIC_RATE_LIMIT_PER_SECOND: "1000",
    PLIC_RATE_LIMIT_BURST: "1000",
    // An unoptimised build takes seconds to load it.
    PLIC_ENCODER: "off",
    ...env,
  };
  let child;
  let port = 0;
  /** Codes that the terminal has shown and nobody has taken, and who waits for one. */
  let codes = [];
  const waiting = [];
  let lastCode = "";

  function read(line) {
    const code = line.match(/#code=([0-9a-f]+)/)?.[1];
    if (!code || code === lastCode) return;
    lastCode = code;
    if (waiting.length) waiting.shift()(code);
    else codes.push(code);
  }

  async function up(more = {}) {
    child = spawn(binary, [mode], { cwd: root, env: { ...settings, ...more, PLIC_LISTEN: `127.0.0.1:${port}` }, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    child.stderr.on("data", (text) => (log = (log + text).slice(-4_000)));
    const started = child;
    process.once("exit", () => started.kill("SIGKILL"));
    const gone = new Promise((_, reject) => started.once("exit", (code) => reject(new Error(`the server ended (${code}): ${log}`))));
    gone.catch(() => {});
    codes = [];
    const listening = new Promise((resolve) =>
      createInterface({ input: started.stdout }).on("line", (line) => {
        read(line);
        if (line.startsWith("listening on ")) resolve(new URL(line.slice(13)));
      }),
    );
    port = (await Promise.race([listening, gone])).port;
  }

  function down() {
    const ended = new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve()));
    child.kill("SIGKILL");
    return ended;
  }

  await up();
  const made = new Map();
  const server = {
    folder,
    get base() {
      return `http://127.0.0.1:${port}`;
    },
    down,
    up,
    stop: async () => {
      await down();
      rmSync(folder, { recursive: true, force: true });
    },
    /** The code that the terminal shows, for a browser that was not let in. */
    code: () =>
      codes.length
        ? Promise.resolve(codes.shift())
        : new Promise((resolve, reject) => {
            waiting.push(resolve);
            setTimeout(() => reject(new Error("the terminal shows no code")), 20_000).unref();
          }),
    /** The token of a user of `dev`, or of any id. */
    token(user, role = USERS[user]?.[1] ?? "user", ttl = 3_600) {
      const key = `${user} ${role} ${ttl}`;
      if (!made.has(key)) {
        const parameters = ["token", "--sub", USERS[user]?.[0] ?? user, "--role", role, "--ttl", String(ttl)];
        made.set(key, execFileSync(binary, parameters, { env: settings, encoding: "utf8" }).trim());
      }
      return made.get(key);
    },
    /** Asks as this user; answers with the status and the envelope's data. */
    async ask(user, method, path, body, headers = {}) {
      const response = await fetch(server.base + path, {
        method,
        headers: { Authorization: `Bearer ${server.token(user)}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      const answer = text ? JSON.parse(text) : null;
      return { status: response.status, data: answer?.data ?? answer, error: answer?.error_message };
    },
    /** Asks, and fails where the answer is no success. */
    async tell(...question) {
      const answer = await server.ask(...question);
      if (answer.status >= 300) throw new Error(`${question.slice(0, 3).join(" ")}: ${answer.status} ${answer.error}`);
      return answer.data;
    },
  };
  return server;
}

/** A rule of terms as one writes it. */
export const termsRule = (name, terms, more = {}) => ({
  kind: "terms", match: "word", name, terms, category: "scam", action: "flag", state: "live", languages: null, rooms: null, unless: [], must_match: [],
  must_not_match: [], note: null, ...more,
});
