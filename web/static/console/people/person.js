// A user in a line of text: the beginning of the id, which leads to what is known about them.

import { dictionary } from "../../shared/language.js";
import { html } from "../../shared/lit.js";
import { href } from "../../shared/router.js";
import { who } from "../../shared/session.js";
import { short } from "../words.js";

const words = dictionary({ you: "(you)", server: "The server" }, { you: "(vous)", server: "Le serveur" });

/** @param {string} id */
export function person(id) {
  return html`<a class="mono" href=${href("people", id)} title=${id}>${short(id)}</a>${id === who()?.user ? html` <span class="quiet">${words().you}</span>` : ""}`;
}

/** Who did something; nobody is the server itself. @param {string | null} id */
export const actor = (id) => (id === null ? words().server : person(id));
