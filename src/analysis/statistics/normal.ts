import { probit } from 'simple-statistics';

/** Quantile of the standard normal distribution: simple-statistics' probit, polished by Newton steps on the CDF below. */
export function normalQuantile(p: number): number {
  let z = probit(p);
  for (let step = 0; step < 4; step++) z -= (normalCdf(z) - p) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
  return z;
}

/** By the continued fraction of Mills' ratio in the tails and a power series in the middle; 1e-14 (Abramowitz, Stegun 26.2.11, 26.2.14). */
export function normalCdf(x: number): number {
  if (x < 0) return 1 - normalCdf(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x > 6) {
    let fraction = x;
    for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
    return 1 - density / fraction;
  }
  let term = x;
  let sum = x;
  for (let k = 1; k < 200 && Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}
