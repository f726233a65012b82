// What "back" closes. What lies over the page has an entry of its own in the history, at the address of the page below: going
// back takes that entry away, and with it what lies there, and the page stays where it is.

/** Closes what lies over the page; answers whether it could. @typedef {() => boolean} Close */

/** A browser that goes nowhere says nothing either. */
const LONGEST = 500;

/** What lies over the page, the topmost last. @type {Close[]} */
let layers = [];
/** The entry that is being taken away. @type {Promise<void>} */
let leaving = Promise.resolve();

const isLayer = () => Boolean(history.state?.layer);

/** Lays something over the page. @param {Close} close called when somebody goes back */
export async function openLayer(close) {
  layers = [...layers.filter((each) => each !== close), close];
  await leaving;
  if (layers.includes(close) && !isLayer()) history.pushState({ layer: true }, "");
}

/** Takes its entry away, where it was closed otherwise. Resolves when addresses can change again. @param {Close} close */
export function closeLayer(close) {
  layers = layers.filter((each) => each !== close);
  if (layers.length || !isLayer()) return leaving;
  leaving = new Promise((resolve) => {
    const done = () => {
      removeEventListener("popstate", done);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, LONGEST);
    addEventListener("popstate", done);
    history.back();
  });
  return leaving;
}

addEventListener("popstate", () => {
  const close = layers.at(-1);
  if (!close || isLayer()) return;
  if (close()) layers = layers.filter((each) => each !== close);
  const stays = layers.at(-1);
  if (stays) void openLayer(stays);
});
