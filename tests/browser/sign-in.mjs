// Signing in: with a Supabase account, by a mailed link, with a token; tokens that end while one works.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { open, page } from "./browser.mjs";
import { start, USERS } from "./server.mjs";

const secret = randomBytes(32).toString("base64");
const email = "mod@example.org";
/** What the project was asked, and how long its tokens hold. */
const project = { asked: [], seconds: 3_600, refreshes: true, links: [] };
let auth, browser, server;

const sign = (claims) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
};

function session() {
  const now = Math.floor(Date.now() / 1_000);
  const user = { id: USERS.moderator[0], aud: "authenticated", role: "authenticated", email, app_metadata: { role: "moderator" }, user_metadata: {}, created_at: new Date().toISOString() };
  const claims = { sub: user.id, aud: "authenticated", role: "authenticated", iss: `http://127.0.0.1:${auth.address().port}/auth/v1`, exp: now + project.seconds, iat: now, app_metadata: user.app_metadata, jti: randomBytes(8).toString("hex") };
  return { access_token: sign(claims), token_type: "bearer", expires_in: project.seconds, expires_at: claims.exp, refresh_token: randomBytes(8).toString("hex"), user };
}

/** As much of Supabase Auth as signing in takes. */
async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://project");
  response.setHeader("Access-Control-Allow-Origin", "*").setHeader("Access-Control-Allow-Headers", "*").setHeader("Access-Control-Allow-Methods", "*");
  if (request.method === "OPTIONS") return response.end();
  let text = "";
  for await (const chunk of request) text += chunk;
  const body = text ? JSON.parse(text) : {};
  const grant = searchParams.get("grant_type");
  project.asked.push(`${pathname.replace("/auth/v1/", "")}${grant ? ` ${grant}` : ""}`);
  const say = (status, data) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(data));
  if (pathname.endsWith("/otp")) {
    project.links.push({ to: searchParams.get("redirect_to"), ...body });
    return say(200, {});
  }
  if (pathname.endsWith("/logout")) return response.writeHead(204).end();
  const isGranted = {
    password: body.email === email && body.password === "correct horse",
    refresh_token: project.refreshes,
    pkce: body.auth_code === "a-code" && Boolean(body.code_verifier),
  }[grant];
  return isGranted ? say(200, session()) : say(400, { code: 400, error_code: "invalid_credentials", msg: "Invalid login credentials" });
}

before(async () => {
  auth = createServer(answer);
  await new Promise((resolve) => auth.listen(0, "127.0.0.1", resolve));
  server = await start({ mode: "serve", env: { SUPABASE_URL: `http://127.0.0.1:${auth.address().port}`, SUPABASE_ANON_KEY: "sb_publishable_of_the_test", SUPABASE_JWT_SECRET: secret } });
  browser = await open();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  auth?.closeAllConnections();
  auth?.close();
});

const visit = async ({ at = "/console", ...options } = {}) => {
  const opened = await page(browser, options);
  await opened.page.goto(server.base + at);
  return opened;
};

const withPassword = async (tab, password) => {
  await tab.getByRole("textbox", { name: "E-mail" }).fill(email);
  await tab.getByLabel("Password").fill(password);
  await tab.getByRole("button", { name: "Sign in" }).first().click();
};

test("an account signs in with its password, and out", async () => {
  const { page: tab, troubles } = await visit({ expected: /status of 400/ });
  await withPassword(tab, "wrong");
  await tab.getByText("The e-mail address or the password is not right.").waitFor();
  assert.equal(await tab.getByText("Invalid login credentials").count(), 0, "the words of the provider are not ours");
  assert.equal(await tab.getByRole("textbox", { name: "E-mail" }).inputValue(), email);
  await withPassword(tab, "correct horse");
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  assert.equal(await tab.evaluate(() => JSON.stringify({ ...localStorage }).includes("eyJ")), false, "a token is in the local storage");
  assert.equal(tab.url().includes("eyJ"), false);
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByRole("textbox", { name: "E-mail" }).waitFor();
  assert.ok(project.asked.includes("logout"));
  assert.equal(await tab.evaluate(() => JSON.stringify({ ...sessionStorage }).includes("eyJ")), false, "a token stays after signing out");
  assert.deepEqual(troubles, []);
});

test("a mailed link signs in, in the new tab in which it opens, and leaves no code in the address", async () => {
  const { page: tab, troubles } = await visit();
  await tab.getByRole("textbox", { name: "E-mail" }).fill(email);
  await tab.getByRole("button", { name: "Mail me a link instead" }).click();
  await tab.getByText("Look into your mailbox").waitFor();
  const link = project.links.at(-1);
  assert.equal(link.to, `${server.base}/console`);
  assert.equal(link.create_user, false);
  const other = await tab.context().newPage();
  await other.goto(`${link.to}?code=a-code`);
  await other.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  assert.equal(new URL(other.url()).search, "");
  assert.deepEqual(troubles, []);
});

test("a token that is about to end is renewed without a word", async () => {
  project.seconds = 3;
  const { page: tab, troubles } = await visit();
  await withPassword(tab, "correct horse");
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  await tab.waitForTimeout(4_000);
  project.seconds = 3_600;
  await tab.getByRole("link", { name: "Rules" }).click();
  await tab.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
  await tab.getByRole("table").waitFor();
  assert.ok(project.asked.includes("token refresh_token"));
  assert.equal(await tab.getByRole("dialog").count(), 0);
  assert.deepEqual(troubles, []);
});

test("a token signs in; when it ends, one signs in again over the page and goes on", async () => {
  const { page: tab } = await visit();
  await tab.getByLabel("Access token").fill("not a token");
  await tab.getByRole("button", { name: "Sign in" }).last().click();
  await tab.getByText("This is no access token.").waitFor();
  await tab.getByLabel("Access token").fill(server.token("moderator", "moderator", 6));
  await tab.getByRole("button", { name: "Sign in" }).last().click();
  await tab.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
  await tab.goto(`${server.base}/console#/rules/new`);
  const name = tab.getByRole("textbox", { name: /^Name/ });
  await name.fill("What I typed");
  await tab.waitForTimeout(7_000);
  await tab.getByRole("button", { name: /draft/i }).first().click();
  const dialog = tab.getByRole("dialog", { name: "Sign in again" });
  await dialog.waitFor();
  await dialog.getByLabel("Access token").fill(server.token("moderator"));
  await dialog.getByRole("button", { name: "Sign in" }).last().click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await name.inputValue(), "What I typed");
});

test("an account that is no moderator's is told so", async () => {
  const { page: tab } = await visit();
  await tab.getByLabel("Access token").fill(server.token("alice"));
  await tab.getByRole("button", { name: "Sign in" }).last().click();
  await tab.getByText("This account is not a moderator’s").waitFor();
  assert.equal(await tab.getByRole("navigation").count(), 0);
});

const ALARM = "Your account is locked. Call +33 1 23 45 67 89.";
const REFUSALS = [
  ["error=access_denied&error_code=otp_expired", "This link has expired or was used already. Ask for a new one."],
  ["error=access_denied", "Signing in did not work. Try again, or ask for a new link."],
  ["error_code=no_such_code", "Signing in did not work. Try again, or ask for a new link."],
  [`error=${encodeURIComponent(ALARM)}`, "Signing in did not work. Try again, or ask for a new link."],
];

for (const [parameters, sentence] of REFUSALS) for (const sign of ["#", "?"]) {
  test(`of ${sign}${parameters} the console says its own words alone`, async () => {
    const { page: tab } = await visit({ at: `/console${sign}${parameters}&error_description=${encodeURIComponent(ALARM)}` });
    await tab.getByRole("alert").getByText(sentence).waitFor();
    assert.equal((await tab.locator("body").innerText()).includes("locked"), false, "what stands in the address is not said");
    assert.equal(tab.url().includes("error"), false);
    await tab.context().close();
  });
}

test("a description without an error says nothing, and leaves the address", async () => {
  const { page: tab } = await visit({ at: `/console#error_description=${encodeURIComponent(ALARM)}` });
  await tab.getByRole("heading", { level: 1 }).waitFor();
  await tab.waitForTimeout(300);
  assert.equal(await tab.getByRole("alert").count(), 0);
  assert.equal(tab.url().includes("error"), false);
});
