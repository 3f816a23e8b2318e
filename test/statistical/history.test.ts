/** The detector against series whose changes are known: log-normal noise of 1 %, one point in twenty three times as noisy. */
import { describe, expect, test } from 'vitest';
import { candidatesOf, confirmed } from '../../src/analysis/history.ts';
import { intervalOf } from '../../src/analysis/statistics/interval.ts';
import { seededRandom, type Random } from '../../src/model/random.ts';

const [POINTS, SERIES, NOISE, STEP, MARGIN, TOLERANCE] = [60, 200, 0.01, Math.log(1.05), 0.05, 2];
const BLOCKS = 8;

interface Simulated {
  readonly values: readonly number[];
  readonly levels: readonly number[];
  readonly changes: readonly number[];
}

function simulate(random: Random, steps: number): Simulated {
  const changes: number[] = [];
  // A regime has six points at least: what is shorter nobody can tell from noise before more versions are out.
  while (changes.length < steps) {
    const at = 6 + random.below(POINTS - 12);
    if (changes.every((each) => Math.abs(each - at) >= 6)) changes.push(at);
  }
  changes.sort((a, b) => a - b);
  let level = 0;
  const levels = Array.from({ length: POINTS }, (_, index) => {
    if (changes.includes(index)) level += random.uniform() < 0.5 ? STEP : -STEP;
    return level;
  });
  const values = levels.map((each) => each + random.normal() * NOISE * (random.uniform() < 0.05 ? 3 : 1));
  return { values, levels, changes };
}

/** As a run of eight blocks would: an interval over paired differences. */
function freshPair({ levels }: Simulated, random: Random) {
  return async (older: number, newer: number): Promise<boolean> => {
    const truth = (levels[newer] as number) - (levels[older] as number);
    const blocks = Array.from({ length: BLOCKS }, () => truth + random.normal() * NOISE * Math.sqrt(BLOCKS) * 0.7);
    const interval = intervalOf(blocks, 0.99, 'fixed');
    return interval !== undefined && (interval.low > 0 || interval.high < 0);
  };
}

const matches = (found: readonly number[], truth: readonly number[], tolerance: number) =>
  truth.filter((at) => found.some((each) => Math.abs(each - at) <= tolerance)).length;

describe('series with 5 % steps', async () => {
  const random = seededRandom('history');
  let [alone, right, hits, truths, confirmedCount, confirmedRight, confirmedHits] = [0, 0, 0, 0, 0, 0, 0];
  let [quiet, alarms] = [0, 0];
  for (let index = 0; index < SERIES; index++) {
    const series = simulate(random, index % 3);
    const candidates = candidatesOf(series.values, MARGIN, random);
    const places = candidates.map(({ at }) => at);
    alone += places.length;
    right += matches(series.changes, places, TOLERANCE);
    hits += matches(places, series.changes, TOLERANCE);
    truths += series.changes.length;
    const differs = freshPair(series, random);
    // Looser candidates cost measurements, not truth.
    const loose = candidatesOf(series.values, MARGIN, random, { minSegment: 3, permutations: 199, alpha: 0.05 });
    const found: number[] = [];
    for (const [at, candidate] of loose.entries()) {
      const place = await confirmed(candidate, { differs, from: loose[at - 1]?.at ?? 0, to: loose[at + 1]?.at ?? POINTS });
      if (place !== undefined) found.push(place);
    }
    confirmedCount += found.length;
    confirmedRight += matches(series.changes, found, 0);
    confirmedHits += matches(found, series.changes, 0);
    if (series.changes.length === 0) {
      quiet++;
      if (found.length > 0) alarms++;
    }
  }
  const share = (part: number, whole: number) => part / whole;
  test(`alone: precision ${share(right, alone).toFixed(3)}, recall ${share(hits, truths).toFixed(3)}`, () => {
    expect(share(right, alone)).toBeGreaterThanOrEqual(0.95);
    expect(share(hits, truths)).toBeGreaterThanOrEqual(0.95);
  });
  test(`confirmed, to the very version: precision ${share(confirmedRight, confirmedCount).toFixed(3)}, recall ${share(confirmedHits, truths).toFixed(3)}`, () => {
    expect(share(confirmedRight, confirmedCount)).toBeGreaterThanOrEqual(0.99);
    expect(share(confirmedHits, truths)).toBeGreaterThanOrEqual(0.99);
  });
  test(`no false alarm in ${quiet} series without a change: ${alarms}`, () => expect(alarms / quiet).toBeLessThanOrEqual(0.01));
});
