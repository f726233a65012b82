// Which incidents are listed: as the address of the queue says, and as one chooses.

import { dictionary } from "../../shared/language.js";
import { html, live } from "../../shared/lit.js";
import { go, route } from "../../shared/router.js";
import { uuid } from "../people/uuid.js";
import { UserField } from "../user-field.js";
import { choices } from "../words.js";

/** @typedef {import("./list.js").Filter} Filter */

const words = dictionary(
  {
    filters: "Filters", status: "Status", action: "What happened", category: "About", rule_id: "Rule (number)",
    user_id: "Sender (id)", room_id: "Room (number)", all: "All", notANumber: "Type a number.",
  },
  {
    filters: "Filtres", status: "État", action: "Ce qui s’est passé", category: "À propos de", rule_id: "Règle (numéro)",
    user_id: "Expéditeur (id)", room_id: "Salon (numéro)", all: "Tout", notANumber: "Saisissez un numéro.",
  },
);

/** Every status, in an address: without one, only what is open is shown. */
const ALL = "all";
/** What a rule may do without an incident. */
const SILENT = ["pass", "allow", "mask"];

const NUMBERS = /** @type {const} */ (["rule_id", "room_id"]);

const sender = new UserField((user_id) => choose({ user_id }));

/** The filter of the address; what stands there and is no value of it is left out. @returns {Filter} */
export function filter() {
  const { query } = route();
  const value = (/** @type {string} */ name) => query.get(name) ?? "";
  const one = (/** @type {"status" | "action" | "category"} */ name) => (choices(name).some(([known]) => known === value(name)) ? value(name) : "");
  const number = (/** @type {string} */ name) => (/^\d{1,16}$/.test(value(name)) ? value(name) : "");
  return {
    status: value("status") === ALL ? "" : one("status") || "open", action: one("action"), category: one("category"),
    rule_id: number("rule_id"), user_id: uuid(value("user_id")) ?? "", room_id: number("room_id"),
  };
}

/** Finds whose id begins as the address says. */
export function resolveFilter() {
  const given = route().query.get("user_id");
  if (given && !uuid(given)) void sender.take(given);
}

/** Whether something was chosen: what is not listed may be there all the same. */
export const isFiltered = () => Object.entries(filter()).some(([name, value]) => value !== (name === "status" ? "open" : ""));

/** The filter as it stands in addresses. */
export const inAddress = () => Object.fromEntries(route().query);

/** The incident that stays open whatever is listed. @type {number | null} */
let kept = null;

/** @param {Partial<Filter>} changed */
function choose(changed) {
  const values = { ...filter(), ...changed };
  go("queue", ...(kept === null ? [] : [kept]), { ...values, status: values.status === "open" ? "" : values.status || ALL });
}

/** @param {Event} event */
function change({ target }) {
  const { name, value } = /** @type {HTMLInputElement | HTMLSelectElement} */ (target);
  if (name === "user_id") return void sender.take(value);
  if (!NUMBERS.some((each) => each === name)) return choose({ [name]: value });
  // As it stands elsewhere: "Room 7", "#7".
  const number = value.trim() && (value.match(/^\D{0,20}?(\d{1,16})\s*$/)?.[1] ?? null);
  const field = /** @type {HTMLInputElement} */ (target);
  field.setCustomValidity(number === null ? words().notANumber : "");
  if (number === null) return void field.reportValidity();
  choose({ [name]: number });
}

/** @param {number | null} open the incident that stays open whatever is listed */
export function filters(open) {
  const w = words();
  const by = filter();
  kept = open;
  const select = (/** @type {"status" | "action" | "category"} */ name) => html`<label>${w[name]}<select name=${name} id="filter-${name}" .value=${live(by[name])}>
    <option value="" ?selected=${!by[name]}>${w.all}</option>
    ${choices(name).filter(([value]) => name !== "action" || !SILENT.includes(value))
      .map(([value, label]) => html`<option value=${value} ?selected=${by[name] === value}>${label}</option>`)}</select></label>`;
  const number = (/** @type {"rule_id" | "room_id"} */ name) => html`<label>${w[name]}
    <input name=${name} inputmode="numeric" spellcheck="false" autocomplete="off" .value=${by[name]}></label>`;
  return html`<form class="stack" aria-label=${w.filters} @change=${change} @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <div class="queue-filters">${select("status")}${select("action")}${select("category")}${number("rule_id")}
      ${sender.input({ id: "filter-sender", name: "user_id", label: w.user_id, value: by.user_id })}${number("room_id")}</div>
    ${sender.notice("filter-sender")}
  </form>`;
}
