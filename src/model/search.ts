/**
 * The highest rate that something sustains: doubling until it fails, then halving the gap (the search of Envoy's
 * Nighthawk, adaptive load). The first rate is taken as sustained.
 */
export async function highestRate(
  sustains: (rate: number) => Promise<boolean>,
  from: number,
  limit: number,
  bisections: number,
): Promise<number> {
  let [good, bad] = [Math.min(from, limit), Number.POSITIVE_INFINITY];
  while (good < limit && bad === Number.POSITIVE_INFINITY) {
    const next = Math.min(good * 2, limit);
    if (await sustains(next)) good = next;
    else bad = next;
  }
  for (let i = 0; i < bisections && bad < Number.POSITIVE_INFINITY; i++) {
    const middle = Math.round((good + bad) / 2);
    if (await sustains(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
