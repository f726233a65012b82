// From the server's counts to lines over days.

/** @typedef {import("../../../types/api").components["schemas"]["Stats"]} Stats */

const DAY = 86_400_000;

/** The days of the last so many, today last, as the server names them (UTC). @param {number} count */
export function lastDays(count) {
  const today = Date.now();
  return Array.from({ length: count }, (_, index) => new Date(today - (count - 1 - index) * DAY).toISOString().slice(0, 10));
}

/**
 * Counts by what `of` says, a value a day.
 * @template {{ day: string, count: number }} T
 * @param {string[]} days
 * @param {T[]} counts
 * @param {(each: T) => string} of
 * @returns {Map<string, number[]>}
 */
export function byDay(days, counts, of) {
  const at = new Map(days.map((day, index) => [day, index]));
  /** @type {Map<string, number[]>} */
  const lines = new Map();
  for (const each of counts) {
    const index = at.get(each.day);
    if (index === undefined) continue;
    const line = lines.get(of(each)) ?? days.map(() => 0);
    line[index] += each.count;
    lines.set(of(each), line);
  }
  return lines;
}

/**
 * Right ones of all decided, a value a day; `null` where nothing was decided.
 * @param {string[]} days
 * @param {Stats["decided"]} decided
 */
export function precision(days, decided) {
  const is = byDay(days, decided, ({ status }) => (status === "upheld" || status === "removed" ? "right" : "wrong"));
  return days.map((_, index) => {
    const [right, wrong] = [is.get("right")?.[index] ?? 0, is.get("wrong")?.[index] ?? 0];
    return right + wrong ? right / (right + wrong) : null;
  });
}
