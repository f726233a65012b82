// Which incidents are listed: as the address of the queue says, and as one chooses.

import { dictionary } from "../../shared/language.js";
import { html, live } from "../../shared/lit.js";
import { go, route } from "../../shared/router.js";
import { choices } from "../words.js";

/** @typedef {import("./list.js").Filter} Filter */

const words = dictionary(
  {
    filters: "Filters", status: "Status", action: "What happened", category: "About", rule_id: "Rule (number)", user_id: "Sender (id)", room_id: "Room",
    all: "All",
  },
  {
    filters: "Filtres", status: "État", action: "Ce qui s’est passé", category: "À propos de", rule_id: "Règle (numéro)", user_id: "Expéditeur (id)",
    room_id: "Salon", all: "Tout",
  },
);

const FIELDS = /** @type {const} */ (["status", "action", "category", "rule_id", "user_id", "room_id"]);
/** Every status, in an address: without one, only what is open is shown. */
const ALL = "all";
/** What a rule may do without an incident. */
const SILENT = ["pass", "allow", "mask"];

/** @returns {Filter} */
export function filter() {
  const { query } = route();
  const value = (/** @type {string} */ name) => query.get(name) ?? "";
  const status = value("status") || "open";
  return {
    status: status === ALL ? "" : status, action: value("action"), category: value("category"),
    rule_id: value("rule_id"), user_id: value("user_id"), room_id: value("room_id"),
  };
}

/** The filter as it stands in addresses. */
export const inAddress = () => Object.fromEntries(route().query);

/** @param {number | null} open the incident that stays open whatever is listed */
export function filters(open) {
  const w = words();
  const by = filter();
  /** @param {Event} event */
  const change = ({ target }) => {
    const form = new FormData(/** @type {HTMLFormElement} */ (/** @type {HTMLElement} */ (target).closest("form")));
    const values = Object.fromEntries(FIELDS.map((name) => [name, String(form.get(name)).trim()]));
    go("queue", ...(open === null ? [] : [open]), { ...values, status: values.status === "open" ? "" : values.status || ALL });
  };
  const select = (/** @type {"status" | "action" | "category"} */ name) => html`<label>${w[name]}<select name=${name} id="filter-${name}" .value=${live(by[name])}>
    <option value="" ?selected=${!by[name]}>${w.all}</option>
    ${choices(name).filter(([value]) => name !== "action" || !SILENT.includes(value))
      .map(([value, label]) => html`<option value=${value} ?selected=${by[name] === value}>${label}</option>`)}</select></label>`;
  const field = (/** @type {"rule_id" | "user_id" | "room_id"} */ name) => html`<label>${w[name]}
    <input name=${name} inputmode=${name === "user_id" ? "text" : "numeric"} spellcheck="false" .value=${live(by[name])}></label>`;
  return html`<form class="queue-filters" aria-label=${w.filters} @change=${change} @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
    ${select("status")}${select("action")}${select("category")}${field("rule_id")}${field("user_id")}${field("room_id")}
  </form>`;
}
