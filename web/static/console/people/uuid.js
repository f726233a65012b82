// Users' ids as people paste them: with spaces, in capitals, in quotes or braces.

const SHAPE = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/;

/**
 * The id as the server writes it, `null` where the text is none.
 * @param {string} text
 */
export function uuid(text) {
  const bare = text.toLowerCase().replace(/[\s\u200b\ufeff"'“”«»{}<>]/g, "").replace(/^urn:uuid:/, "");
  if (!SHAPE.test(bare)) return null;
  return bare.replaceAll("-", "").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
