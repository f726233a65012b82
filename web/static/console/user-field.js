// A field for a user's id that takes its beginning as well: the console shows ids as their first eight digits.

import { request } from "../shared/api.js";
import { failure } from "../shared/failure.js";
import { dictionary } from "../shared/language.js";
import { html, live, nothing } from "../shared/lit.js";
import { redraw } from "../shared/redraw.js";
import { prefix, uuid } from "./people/uuid.js";

const words = dictionary(
  {
    notAnId: "This is no user’s id. Type at least its first four digits, such as b9e1a1a4.",
    nobody: (/** @type {string} */ digits) => `Nobody is known here whose id begins with ${digits}.`,
    several: (/** @type {string} */ digits) => `Several ids begin with ${digits}. Which one?`,
  },
  {
    notAnId: "Ce n’est pas un identifiant de personne. Saisissez au moins ses quatre premiers caractères, comme b9e1a1a4.",
    nobody: (digits) => `Aucune personne connue ici n’a d’identifiant commençant par ${digits}.`,
    several: (digits) => `Plusieurs identifiants commencent par ${digits}. Lequel ?`,
  },
);

/** What was typed into one such field, and what came of it. */
export class UserField {
  /** @type {string | null} what was typed and is not settled */
  text = null;
  /** @type {string[] | null} whose ids begin so */
  found = null;
  /** @type {unknown} */
  problem = null;
  /** @type {(id: string) => void} */
  #chosen;
  #asked = 0;

  /** @param {(id: string) => void} chosen gets the whole id, or `""` where the field was emptied */
  constructor(chosen) {
    this.#chosen = chosen;
  }

  /** Whether what was typed is no id, nor the beginning of one. */
  get isWrong() {
    return this.text !== null && uuid(this.text) === null && prefix(this.text) === null;
  }

  clear() {
    this.#asked += 1;
    Object.assign(this, { text: null, found: null, problem: null });
  }

  /** Finds whose id was typed. @param {string} typed */
  async take(typed) {
    this.clear();
    const question = this.#asked;
    const whole = uuid(typed);
    if (!typed.trim() || whole) return this.#settle(whole ?? "");
    this.text = typed;
    redraw();
    const id_prefix = prefix(typed);
    if (!id_prefix) return;
    try {
      /** @type {string[]} */
      const found = await request("GET", "/moderation/users", { query: { id_prefix } });
      if (question !== this.#asked) return;
      if (found.length === 1) return this.#settle(found[0]);
      this.found = found;
    } catch (problem) {
      if (question === this.#asked) this.problem = problem;
    }
    redraw();
  }

  /** @param {string} id */
  #settle(id) {
    this.clear();
    this.#chosen(id);
    redraw();
  }

  /**
   * The field, with what is wrong with it and whom it may mean in its `notice`.
   * @param {{ id: string, name: string, label: string, value: string, required?: boolean }} given
   */
  input({ id, name, label, value, required = false }) {
    const hasNotice = this.isWrong || this.found !== null || this.problem !== null;
    return html`<label class="grow">${label}<input id=${id} class="mono" name=${name} ?required=${required} autocomplete="off" spellcheck="false" .value=${live(this.text ?? value)}
      aria-invalid=${this.isWrong ? "true" : nothing} aria-describedby=${hasNotice ? `${id}-notice` : nothing}></label>`;
  }

  /** @param {string} id of the field */
  notice(id) {
    const w = words();
    const digits = prefix(this.text ?? "") ?? "";
    if (this.problem) return html`<div id="${id}-notice">${failure(this.problem, () => void this.take(this.text ?? ""))}</div>`;
    if (this.isWrong) return html`<p class="notice bad" id="${id}-notice" role="alert">${w.notAnId}</p>`;
    if (this.found?.length === 0) return html`<p class="notice warn" id="${id}-notice" role="alert">${w.nobody(digits)}</p>`;
    if (!this.found) return nothing;
    return html`<div class="notice" id="${id}-notice"><div class="stack"><p role="alert">${w.several(digits)}</p>
      <ul class="people">${this.found.map((user) => html`<li><button type="button" class="link mono" @click=${() => this.#settle(user)}>${user}</button></li>`)}</ul></div></div>`;
  }
}
