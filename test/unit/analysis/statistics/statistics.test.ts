import { describe, expect, test } from 'vitest';
import { EXPONENTIAL_CRITICAL_1_PERCENT, exponentialAndersonDarling } from '../../../../src/analysis/statistics/anderson-darling.ts';
import { independentValues, lagOneCorrelation } from '../../../../src/analysis/statistics/autocorrelation.ts';
import { clopperPearson } from '../../../../src/analysis/statistics/beta.ts';
import { hierarchicalBootstrap } from '../../../../src/analysis/statistics/bootstrap.ts';
import { eValue, pValue } from '../../../../src/analysis/statistics/e-value.ts';
import { anytimeHalfWidth, intervalOf } from '../../../../src/analysis/statistics/interval.ts';
import { cliffsDelta, hodgesLehmann } from '../../../../src/analysis/statistics/location.ts';
import { eBenjaminiHochberg, holm } from '../../../../src/analysis/statistics/multiplicity.ts';
import { normalCdf, normalQuantile } from '../../../../src/analysis/statistics/normal.ts';
import { blocksForHalfWidth, minimumDetectableEffect } from '../../../../src/analysis/statistics/power.ts';
import { quantileRanks } from '../../../../src/analysis/statistics/quantile-interval.ts';
import { signFlipPValue } from '../../../../src/analysis/statistics/sign-flip.ts';
import { costLine } from '../../../../src/analysis/statistics/slope.ts';
import { changePoints } from '../../../../src/analysis/statistics/e-divisive.ts';
import { steadyFrom, theilSenSlope } from '../../../../src/analysis/statistics/trend.ts';
import { deploymentsDifferPValue, varianceSplit } from '../../../../src/analysis/statistics/variance-split.ts';
import { seededRandom } from '../../../../src/model/random.ts';
import reference from '../../../fixtures/statistics.json' with { type: 'json' };

const random = () => seededRandom('statistics.test');

describe(`against ${reference.source}`, () => {
  test.each(reference.clopperPearson)('Clopper-Pearson, %d of %d at %d', (...row) => {
    const [hits, n, confidence, low, high] = row as [number, number, number, number, number];
    expect(clopperPearson(hits, n, confidence).low).toBeCloseTo(low, 9);
    expect(clopperPearson(hits, n, confidence).high).toBeCloseTo(high, 9);
  });
  test.each(reference.normal)('normal quantile of %d', (...row) => {
    const [p, z] = row as [number, number];
    expect(normalQuantile(p)).toBeCloseTo(z, 6);
  });
  test.each(reference.normalCdf)('normal CDF at %d', (...row) => {
    const [z, p] = row as [number, number];
    expect(normalCdf(z)).toBeCloseTo(p, 13);
  });
  test('sign-flip, exact', () => {
    expect(signFlipPValue(reference.signFlip.values, random())).toBeCloseTo(reference.signFlip.p, 12);
  });
  test('Hodges-Lehmann', () => {
    expect(hodgesLehmann(reference.hodgesLehmann.values)).toBeCloseTo(reference.hodgesLehmann.estimate, 12);
  });
  test("Cliff's delta", () => {
    expect(cliffsDelta(reference.cliffsDelta.a, reference.cliffsDelta.b)).toBeCloseTo(reference.cliffsDelta.delta, 12);
  });
  test.each(reference.andersonDarling)('Anderson-Darling for exponential gaps', ({ gaps, statistic }) => {
    expect(exponentialAndersonDarling(gaps) / (1 + 0.6 / gaps.length)).toBeCloseTo(statistic, 8);
  });
  test('Theil-Sen', () => {
    expect(theilSenSlope(reference.theilSen.values)).toBeCloseTo(reference.theilSen.slope, 12);
  });
  test('weighted line', () => {
    const line = costLine(reference.weightedLine.points as unknown as [number, number][]);
    expect(line?.slope).toBeCloseTo(reference.weightedLine.slope, 10);
    expect(line?.intercept).toBeCloseTo(reference.weightedLine.intercept, 8);
  });
  test('lag-1 correlation, before its correction for short series', () => {
    const { values, correlation } = reference.lagOne;
    expect(lagOneCorrelation(values)).toBeCloseTo(correlation + (1 + 3 * correlation) / values.length, 12);
  });
  test('a correlation stays one: of few values that swing, the correction alone would go below -1', () => {
    expect(lagOneCorrelation([1, -1, 1, -1, 1, -1])).toBe(-1);
  });
  test('t interval and its p-value', () => {
    const { values, p, low, high } = reference.tTest;
    expect(pValue(values, 'fixed')).toBeCloseTo(p, 10);
    expect(intervalOf(values, 0.95, 'fixed')).toMatchObject({
      low: expect.closeTo(low, 9) as number,
      high: expect.closeTo(high, 9) as number,
    });
  });
  test.each(reference.quantileRanks)('ranks of an order-statistic interval, n %d', (...row) => {
    const [n, share, low, high] = row as [number, number, number, number];
    expect(quantileRanks(n, share, 0.95)).toEqual(low < 1 || high > n ? undefined : { low, high });
  });
});

describe('anytime t interval', () => {
  // Half-widths per standard deviation at 95 %, computed apart from this code from the same formula.
  test.each([
    [5, 3.78],
    [6, 2.22],
    [8, 1.5],
    [10, 1.22],
    [15, 0.91],
    [20, 0.77],
    [30, 0.61],
    [60, 0.43],
  ])('%d values: %d', (n, half) => {
    expect(anytimeHalfWidth(n, 0.95)).toBeCloseTo(half, 1);
  });
  test('the e-value and the interval are two sides of one test', () => {
    const draw = random();
    for (let i = 0; i < 300; i++) {
      const values = Array.from({ length: 4 + draw.below(30) }, () => 0.4 + draw.normal());
      const interval = intervalOf(values, 0.95, 'anytime');
      expect(eValue(values) >= 20).toBe(interval !== undefined && (interval.low > 0 || interval.high < 0));
    }
  });
});

test("Holm on the example of his paper's procedure; e-BH keeps the largest set that carries itself", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(eBenjaminiHochberg([100, 30, 1, 45], 0.05)).toEqual([true, true, false, true]);
  expect(eBenjaminiHochberg([15, 1, 1, 1], 0.05)).toEqual([false, false, false, false]);
});

test('Hodges-Lehmann counts the Walsh averages of long series instead of listing them, with the same result', () => {
  const draw = random();
  const values = Array.from({ length: 401 }, () => draw.normal());
  const walsh = values.flatMap((x, i) => values.slice(i).map((y) => (x + y) / 2)).sort((a, b) => a - b);
  expect(hodgesLehmann(values)).toBeCloseTo(walsh[Math.floor(walsh.length / 2)] ?? 0, 9);
});

test('hierarchical bootstrap: as wide as the deployments make it, not as the many blocks inside them', () => {
  const groups = [0, 1, 2, 3, 4, 5].map((deployment) => Array.from({ length: 20 }, (_, i) => deployment + (i % 2) * 0.01));
  const interval = hierarchicalBootstrap(groups, 0.95, random());
  expect(interval?.estimate).toBeCloseTo(2.505, 6);
  expect((interval?.high ?? 0) - (interval?.low ?? 0)).toBeGreaterThan(2);
});

test('variance split (Kalibera, Jones): deployments of known spread', () => {
  const draw = random();
  const groups = Array.from({ length: 4000 }, () => {
    const deployment = 2 * draw.normal();
    return Array.from({ length: 5 }, () => deployment + 3 * draw.normal());
  });
  const split = varianceSplit(groups, { block: 4, deployment: 12 });
  expect(Math.abs((split?.block ?? 0) / 9 - 1)).toBeLessThan(0.1);
  expect(Math.abs((split?.deployment ?? 0) / 4 - 1)).toBeLessThan(0.15);
  expect(split?.blocksPerDeployment).toBe(3); // sqrt(12/4 * 9/4) = 2.6
});

test('analysis of variance against SciPy (f_oneway), and its level', () => {
  expect(deploymentsDifferPValue(reference.anova.groups)).toBeCloseTo(reference.anova.p, 10);
  const draw = random();
  let rejected = 0;
  for (let i = 0; i < 2000; i++) {
    const groups = [0, 1, 2].map(() => Array.from({ length: 8 }, () => draw.normal()));
    if (deploymentsDifferPValue(groups) < 0.05) rejected++;
  }
  expect(Math.abs(rejected / 2000 - 0.05)).toBeLessThan(0.02);
});

test('power: the effect said to be detectable is found four times in five', () => {
  const draw = random();
  const effect = minimumDetectableEffect(1, 12, 'fixed', 0.95);
  let found = 0;
  for (let i = 0; i < 4000; i++) {
    const interval = intervalOf(
      Array.from({ length: 12 }, () => effect + draw.normal()),
      0.95,
      'fixed',
    );
    if (interval && interval.low > 0) found++;
  }
  expect(Math.abs(found / 4000 - 0.8)).toBeLessThan(0.04);
  const blocks = blocksForHalfWidth(1, 0.5, 'anytime', 0.95) ?? 0;
  expect(anytimeHalfWidth(blocks, 0.95)).toBeLessThanOrEqual(0.5);
});

test('correlated neighbours are merged, independent ones are left alone', () => {
  const draw = random();
  let state = 0;
  const correlated = Array.from({ length: 256 }, () => (state = 0.8 * state + draw.normal()));
  const independent = Array.from({ length: 200 }, () => draw.normal());
  expect(independentValues(correlated).merged).toBeGreaterThanOrEqual(4);
  expect(independentValues(independent).merged).toBe(1);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(independentValues(correlated).values)).toBeCloseTo(mean(correlated), 9);
});

test('steady state: found after a warm-up, never in a drift', () => {
  const draw = random();
  const noise = () => 0.002 * draw.normal();
  const warming = Array.from({ length: 30 }, (_, i) => 1 + Math.exp(-i / 2) + noise());
  const drifting = Array.from({ length: 30 }, (_, i) => 1 + 0.02 * i + noise());
  const from = steadyFrom(warming, random());
  expect(from).toBeGreaterThanOrEqual(5);
  expect(from).toBeLessThan(16);
  expect(steadyFrom(drifting, random())).toBeUndefined();
  const jumps = changePoints([1, 1.1, 0.9, 1, 1.05, 5, 5.1, 4.9, 5, 5.05], { minSegment: 3, permutations: 199, alpha: 0.02 }, random());
  expect(jumps.map(({ at }) => at)).toEqual([5]);
});

test('evenly spaced gaps are not taken for exponential ones', () => {
  const draw = random();
  expect(exponentialAndersonDarling(Array.from({ length: 200 }, () => draw.exponential()))).toBeLessThan(EXPONENTIAL_CRITICAL_1_PERCENT);
  expect(exponentialAndersonDarling(Array.from({ length: 200 }, () => 1 + 0.1 * draw.normal()))).toBeGreaterThan(
    EXPONENTIAL_CRITICAL_1_PERCENT,
  );
});

test('a difference that never varies is evidence beyond measure, and a number all the same', () => {
  expect(JSON.parse(JSON.stringify(eValue([5, 5, 5])))).toBe(Number.MAX_VALUE);
});
