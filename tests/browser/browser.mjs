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

/** A page that notes what goes wrong in it, breaches of its content security policy among them. */
export async function page(browser) {
  const page = await browser.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  return { page, troubles };
}
