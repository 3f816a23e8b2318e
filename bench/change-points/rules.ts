/** The rules of other trackers, for comparison on the same series; written from the description of what their code does. */
import { mean } from 'simple-statistics';
import { bestSplit } from '../../src/analysis/statistics/e-divisive.ts';
import { studentTCdf } from '../../src/analysis/statistics/student-t.ts';

/** Mozilla Perfherder (treeherder, perfalert): weighted t > 7 and a local maximum, back window 12 to 24, fore window 12, then 2 %. */
export function perfherder(values: readonly number[], gate = 0.02): number[] {
  const [minBack, maxBack, fore, threshold] = [12, 24, 12, 7];
  const t: number[] = [0];
  const jumps: number[] = [0];
  let quiet = 0;
  for (let i = 1; i < values.length; i++) {
    const back: number[] = [];
    for (let k = i - 1; k >= 0 && back.length < maxBack && i - k <= Math.min(Math.max(quiet, minBack), maxBack); k--)
      back.push(values[k] as number);
    const ahead = values.slice(i, i + fore);
    t.push(back.length >= minBack && ahead.length >= fore ? Math.abs(weightedT(back, ahead)) : 0);
    jumps.push(back.length === 0 ? 0 : Math.abs(mean(ahead) / mean(back) - 1));
    quiet = (t[i] as number) > threshold ? 0 : quiet + 1;
  }
  return t.flatMap((own, i) => {
    const peak = own > threshold && own >= (t[i - 1] ?? 0) && own >= (t[i + 1] ?? 0);
    return peak && (jumps[i] as number) >= gate ? [i] : [];
  });
}

/** Weights fall linearly with the distance from the split. */
function weightedT(back: readonly number[], ahead: readonly number[]): number {
  const summary = (group: readonly number[]) => {
    const weights = group.map((_, j) => (group.length - j) / group.length);
    const total = weights.reduce((a, b) => a + b, 0);
    const average = group.reduce((sum, value, j) => sum + value * (weights[j] as number), 0) / total;
    const variance = group.reduce((sum, value) => sum + (value - average) ** 2, 0) / Math.max(1, group.length - 1);
    return { average, variance, n: group.length };
  };
  const [a, b] = [summary(back), summary(ahead)];
  const spread = Math.sqrt(a.variance / a.n + b.variance / b.n);
  const difference = b.average - a.average;
  return difference === 0 ? 0 : spread === 0 ? Number.POSITIVE_INFINITY : difference / spread;
}

/** Apache Otava: E-divisive in half-overlapping windows with Student's t instead of permutations; weak points, then merged. */
export function otava(values: readonly number[], window = 50, maxP = 0.001): number[] {
  const weakP = maxP < 0.05 ? 10 * maxP : maxP < 0.5 ? 2 * maxP : maxP;
  const weak: number[] = [];
  for (let start = 0; start < values.length;) {
    const end = Math.min(start + window, values.length);
    const found = divisive(values, start, end, weakP);
    weak.push(...found.filter((each) => !weak.includes(each)));
    start = Math.max(found.at(-1) ?? 0, start + Math.floor(window / 2));
  }
  weak.sort((a, b) => a - b);
  const pOf = (index: number) =>
    tTest(values.slice(weak[index - 1] ?? 0, weak[index]), values.slice(weak[index], weak[index + 1] ?? values.length));
  for (;;) {
    const worst = weak.map((_, index) => pOf(index)).reduce((best, p, index, all) => (p > (all[best] ?? -1) ? index : best), 0);
    if (weak.length === 0 || pOf(worst) < maxP) return weak;
    weak.splice(worst, 1);
  }
}

function divisive(values: readonly number[], start: number, end: number, alpha: number): number[] {
  const cuts = [start, end];
  for (;;) {
    const candidates = cuts.slice(1).flatMap((to, index) => {
      const from = cuts[index] as number;
      const best = bestSplit(values.slice(from, to), 1);
      return best ? [{ from, to, at: from + best.at, statistic: best.statistic }] : [];
    });
    const best = candidates.sort((a, b) => b.statistic - a.statistic)[0];
    if (!best || tTest(values.slice(best.from, best.at), values.slice(best.at, best.to)) > alpha) return cuts.slice(1, -1);
    cuts.push(best.at);
    cuts.sort((a, b) => a - b);
  }
}

/** Pooled, with the population's standard deviations, as there. */
function tTest(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length];
  if (n + m <= 2) return 1;
  const variance = (x: readonly number[]) => x.reduce((sum, value) => sum + (value - mean([...x])) ** 2, 0) / x.length;
  const pooled = ((n - 1) * variance(a) + (m - 1) * variance(b)) / (n + m - 2);
  const difference = mean([...a]) - mean([...b]);
  if (pooled === 0) return difference === 0 ? 1 : 0;
  return 2 * (1 - studentTCdf(Math.abs(difference) / Math.sqrt(pooled * (1 / n + 1 / m)), n + m - 2));
}
