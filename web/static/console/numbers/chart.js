// A chart over days: lines that differ by colour and by dash, redrawn with the theme and the size.

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { date, number } from "../../shared/language.js";

/** @typedef {{ label: string, colour: string, values: (number | null)[] }} Series `colour` is the name of a property of base.css */

const HEIGHT = 220;
/** Steps of an axis that counts. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3], [4, 4], [1, 4]];

/**
 * Draws into an element, and again when its size or the theme changes.
 * @param {HTMLElement} place
 * @param {string[]} days `2026-01-31`
 * @param {Series[]} series
 * @param {(value: number) => string} [write]
 * @returns {() => void} takes it away
 */
export function chart(place, days, series, write = number) {
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ name) => {
    // Only a colour that is in use says what it is in this theme.
    place.style.color = `var(${name})`;
    const value = style.color;
    place.style.color = "";
    return value;
  };
  const moments = days.map((day) => Date.parse(day) / 1000);
  const make = () => {
    const line = colour("--line");
    const axis = { stroke: colour("--quiet"), grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    return new uPlot(
      {
        width: place.clientWidth, height: HEIGHT,
        tzDate: (moment) => uPlot.tzDate(new Date(moment * 1000), "UTC"),
        legend: { live: false },
        cursor: { show: false },
        scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] } },
        axes: [
          { ...axis, space: 90, incrs: [86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400], values: (_, all) => all.map((moment) => date(new Date(moment * 1000).toISOString())) },
          { ...axis, size: 60, ...(write === number ? { incrs: WHOLE } : {}), values: (_, all) => all.map(write) },
        ],
        series: [{}, ...series.map(({ label, colour: name }, index) => ({ label, stroke: colour(name), width: 2, dash: DASHES[index % DASHES.length], points: { show: true, size: 5 }, spanGaps: true }))],
      },
      [moments, ...series.map(({ values }) => values)],
      place,
    );
  };
  let drawn = make();
  const again = () => {
    drawn.destroy();
    drawn = make();
  };
  const size = new ResizeObserver(() => drawn.setSize({ width: place.clientWidth, height: HEIGHT }));
  size.observe(place);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", again);
  return () => {
    size.disconnect();
    theme.removeEventListener("change", again);
    drawn.destroy();
  };
}
