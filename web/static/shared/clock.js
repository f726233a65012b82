// What the server's clock says: the reader's own may be wrong, and the server's moments are compared with it.

let ahead = 0;

/** Takes the server's clock from an answer (RFC 9110, section 6.6.1). @param {Response} response */
export function setClock({ headers }) {
  const moment = Date.parse(headers.get("Date") ?? "");
  if (!Number.isNaN(moment)) ahead = moment - Date.now();
}

/** Now, in milliseconds since 1970, as the server has it, to the second. */
export const now = () => Date.now() + ahead;
