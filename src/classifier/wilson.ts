/** The 97.5% quantile of the normal distribution, for intervals of 95%. */
const z = 1.959963984540054;

/**
 * The 95% interval of a share that was seen in a sample: with so many hits of so many, the true share lies within it.
 * Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
 *
 * @returns from 0 to 1; all of it where nothing was seen
 *
 * @example
 * wilsonInterval(9, 10); // [0.5958, 0.9821]
 */
export function wilsonInterval(hits: number, total: number): [low: number, high: number] {
  if (total === 0) return [0, 1];
  const share = hits / total;
  const scale = 1 + z ** 2 / total;
  const middle = (share + z ** 2 / (2 * total)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  // Exact at the ends, where rounding would leave 1e-17.
  return [hits === 0 ? 0 : middle - half, hits === total ? 1 : middle + half];
}
