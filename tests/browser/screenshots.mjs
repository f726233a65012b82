// Pictures of every view in both themes, for whoever looks at a change; with DOCS=1 those that docs/ shows.

import { mkdirSync } from "node:fs";
import { test } from "node:test";

import { enter } from "./browser.mjs";
import { lab } from "./lab.mjs";
import { root } from "./server.mjs";
import { fill, settled, VIEWS } from "./views.mjs";

const DOCS = { "queue/1": "queue", numbers: "numbers" };
const pictures = `${root}/target/screenshots`;
const documented = `${root}/docs/screenshots`;

const { browser, server } = await lab();
await fill(browser, server);
mkdirSync(pictures, { recursive: true });
if (process.env.DOCS) mkdirSync(documented, { recursive: true });

for (const colorScheme of ["light", "dark"]) {
  test(`the views, ${colorScheme}`, async () => {
    const { page: tab } = await enter(browser, server, { as: "admin", colorScheme, viewport: { width: 1280, height: 800 } });
    const shoot = async (name, shown) => {
      await settled(tab);
      await tab.screenshot({ path: `${pictures}/${name.replaceAll("/", "-")}-${colorScheme}.png` });
      if (process.env.DOCS && shown && colorScheme === "light") await tab.screenshot({ path: `${documented}/${shown}.png` });
    };
    for (const view of VIEWS) {
      await tab.goto(`${server.base}/console#/${view}`);
      await shoot(view, DOCS[view]);
    }
    const [{ id }] = (await server.tell("admin", "GET", "/moderation/rules?limit=500")).filter(({ name }) => name === "Keys through a middleman");
    await tab.goto(`${server.base}/console#/rules/${id}`);
    await tab.getByRole("textbox", { name: "A text, as somebody might write it" }).fill("Ask K.e.y.b.u.n.k.3.r, they post the keys");
    await shoot("rule-tried", "rule");
    for (const [name, address] of [["landing", "/"], ["sign-in", "/console"]]) {
      await tab.evaluate(() => sessionStorage.clear());
      await tab.goto(server.base + address);
      await shoot(name);
    }
    await tab.goto(`${server.base}/playground?as=demo`);
    await tab.getByRole("button", { name: "Send", exact: true }).first().click();
    await shoot("playground", "playground");
  });
}
