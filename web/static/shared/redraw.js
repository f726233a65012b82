// One drawing for many changes: whatever changes what is shown calls `redraw`, and the page is drawn once, before the next frame.

/** @type {() => void} */
let draw = () => {};
let isDue = false;

/**
 * Says how the page is drawn.
 * @param {() => void} how
 */
export function drawWith(how) {
  draw = how;
  redraw();
}

/** Draws the page soon. */
export function redraw() {
  if (isDue) return;
  isDue = true;
  // Not requestAnimationFrame, which rests in a tab that nobody sees.
  setTimeout(() => {
    isDue = false;
    draw();
  });
}
