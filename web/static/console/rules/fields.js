// Labelled fields of the rule's form, each with its hint and what the server says against it.

import { html, live, nothing } from "../../shared/lit.js";
import { fieldHint, fieldName } from "./field-names.js";

/** @typedef {import("./model.js").Form} Form */
/** @typedef {{ form: Form, changed: () => void, complaint: (field: string) => string | null }} Context */

/**
 * A field below its name, above its hint.
 * @param {Context} context
 * @param {keyof Form} name
 * @param {(attributes: { id: string, described: string, invalid: string }) => unknown} control
 */
function field(context, name, control) {
  const complaint = context.complaint(name);
  const id = `rule-${name}`;
  return html`<div class="rule-field">
    <label for=${id}>${fieldName(name)}</label>
    ${control({ id, described: `${id}-hint`, invalid: complaint ? "true" : "false" })}
    <p class="hint" id="${id}-hint">${complaint ? html`<strong class="rule-complaint">${complaint}</strong> ` : nothing}${fieldHint(name)}</p>
  </div>`;
}

/**
 * @param {Context} context
 * @param {keyof Form} name
 * @param {{ type?: string, inputmode?: string, min?: number, max?: number, step?: number | string, mono?: boolean }} [options]
 */
export function textField(context, name, { inputmode = "text", mono = false } = {}) {
  return field(context, name, ({ id, described, invalid }) => html`<input id=${id} class=${mono ? "mono" : ""} autocomplete="off" spellcheck=${mono ? "false" : "true"}
    inputmode=${/** @type {"text"} */ (inputmode)} aria-describedby=${described} aria-invalid=${/** @type {"true"} */ (invalid)} .value=${live(String(context.form[name]))}
    @input=${set(context, name)}>`);
}

/**
 * Items, one a line.
 * @param {Context} context
 * @param {keyof Form} name
 * @param {number} [rows]
 */
export function linesField(context, name, rows = 4) {
  return field(context, name, ({ id, described, invalid }) => html`<textarea id=${id} rows=${rows} aria-describedby=${described} aria-invalid=${/** @type {"true"} */ (invalid)}
    .value=${live(String(context.form[name]))} @input=${set(context, name)}></textarea>`);
}

/**
 * One of some values.
 * @param {Context} context
 * @param {keyof Form} name
 * @param {readonly string[]} values
 * @param {(value: string) => string} label
 */
export function choice(context, name, values, label) {
  return field(context, name, ({ id, described, invalid }) => html`<select id=${id} aria-describedby=${described} aria-invalid=${/** @type {"true"} */ (invalid)} @change=${set(context, name)}>
    ${values.map((value) => html`<option value=${value} .selected=${live(context.form[name] === value)}>${label(value)}</option>`)}
  </select>`);
}

/**
 * One of some values, all in sight, each with what it means.
 * @param {Context} context
 * @param {keyof Form} name
 * @param {readonly string[]} values
 * @param {(value: string) => [string, string]} label
 */
export function radios(context, name, values, label) {
  const complaint = context.complaint(name);
  return html`<fieldset class="rule-radios"><legend>${fieldName(name)}</legend>
    ${complaint ? html`<p class="rule-complaint">${complaint}</p>` : nothing}
    ${values.map((value) => html`<label class="check"><input type="radio" name="rule-${name}" value=${value} .checked=${live(context.form[name] === value)} @change=${set(context, name)}>
      <span><strong>${label(value)[0]}</strong> <span class="hint">${label(value)[1]}</span></span></label>`)}
  </fieldset>`;
}

/** @param {Context} context @param {keyof Form} name */
function set(context, name) {
  return (/** @type {Event} */ event) => {
    Object.assign(context.form, { [name]: /** @type {HTMLInputElement} */ (event.target).value });
    context.changed();
  };
}
