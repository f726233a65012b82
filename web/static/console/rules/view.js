// The rules: their list, and one of them.

import { on } from "../../shared/events.js";
import { dictionary } from "../../shared/language.js";
import { html } from "../../shared/lit.js";
import { go } from "../../shared/router.js";
import { style } from "../../shared/style.js";
import { editor, openTitle } from "./editor.js";
import { refresh, refreshLater, ruleList } from "./list.js";
import { closeRule, heard, openRule } from "./opened.js";

const words = dictionary({ title: "Rules", fresh: "New rule", search: "Search the rules" }, { title: "Règles", fresh: "Nouvelle règle", search: "Rechercher dans les règles" });

style("/web/console/rules/rules.css");

/** @type {"list" | "rule"} */
let place = "list";
/** @type {(() => void)[]} */
let deaf = [];

/** @type {import("../main.js").View} */
export const view = {
  title: () => (place === "rule" ? openTitle() : words().title),
  render: () => html`<div class="stack rules-view">${place === "rule" ? editor() : ruleList()}</div>`,
  enter({ parts: [id], query }) {
    if (!deaf.length) {
      deaf = [
        on("rule", (event) => { refreshLater(); heard(event); }),
        on("rule_deleted", (event) => { refreshLater(); heard({ ...event, deleted: true }); }),
        on("rules", () => { refreshLater(); heard({}); }),
        on("missed", () => { refreshLater(); heard({}); }),
        on("open", () => { refreshLater(); heard({}); }),
      ];
    }
    const number = Number(id);
    if (id === "new" || (Number.isSafeInteger(number) && number > 0)) {
      place = "rule";
      openRule(id === "new" ? "new" : number, query.get("kind"));
    } else {
      place = "list";
      closeRule();
      void refresh();
    }
  },
  leave() {
    for (const stop of deaf) stop();
    deaf = [];
    closeRule();
  },
  keys: () => [
    { keys: "n", label: () => words().fresh, run: () => go("rules", "new") },
    { keys: "/", label: () => words().search, run: () => {
      if (place === "rule") go("rules");
      setTimeout(() => document.getElementById("rules-search")?.focus(), 50);
    } },
  ],
};
