import { describe, expect, test } from 'vitest';
import { studentTCdf, studentTQuantile } from '../../../../src/analysis/statistics/student-t.ts';
import reference from '../../../fixtures/student-t.json' with { type: 'json' };

describe('Student t against SciPy', () => {
  test.each(reference.quantiles)('quantile of p=%d with %d degrees of freedom', (p, df, expected) => {
    expect(Math.abs(studentTQuantile(p, df) / expected - 1)).toBeLessThan(1e-8);
  });
  test.each(reference.cdf)('CDF at %d with %d degrees of freedom', (t, df, expected) => {
    expect(studentTCdf(t, df)).toBeCloseTo(expected, 10);
  });
  test('is symmetric', () => {
    expect(studentTQuantile(0.025, 5)).toBeCloseTo(-studentTQuantile(0.975, 5), 12);
    expect(studentTQuantile(0.5, 3)).toBe(0);
  });
});
