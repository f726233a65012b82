// A view brings its own style sheet.

/** @param {string} address */
export function style(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}
