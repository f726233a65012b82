// Users' ids as people paste them: with spaces, in capitals, in quotes or braces.

const SHAPE = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/;

/** What the server finds people by: fewer digits would be anybody's. */
const PREFIX = /^[0-9a-f]{4,32}$/;

/** @param {string} text */
const bareOf = (text) => text.toLowerCase().replace(/[\s\u200b\ufeff"'“”«»{}<>…]/g, "").replace(/^urn:uuid:/, "");

/** The digits of the beginning of an id, `null` where the text is none. @param {string} text */
export function prefix(text) {
  const digits = bareOf(text).replaceAll("-", "");
  return PREFIX.test(digits) ? digits : null;
}

/**
 * The id as the server writes it, `null` where the text is none.
 * @param {string} text
 */
export function uuid(text) {
  const bare = bareOf(text);
  if (!SHAPE.test(bare)) return null;
  return bare.replaceAll("-", "").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
