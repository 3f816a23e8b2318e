/**
 * How much of the variance arises where, and how often to repeat each level: Kalibera, Jones, "Rigorous Benchmarking in
 * Reasonable Time", ISMM 2013, with the corrected formulas of libkalibera.
 */
import { mean, sampleVariance, variance } from 'simple-statistics';
import { incompleteBeta } from './beta.ts';

export interface VarianceSplit {
  /** Variance of the true block values inside one deployment (T_1^2). */
  readonly block: number;
  /** Variance between deployments beyond what their blocks explain (T_2^2), at least 0. */
  readonly deployment: number;
  /** Blocks for each deployment that spend the time best; undefined where one of the two does not vary. */
  readonly blocksPerDeployment: number | undefined;
}

/** `groups`: the blocks of each deployment. `costs`: seconds of one block and of one deployment. */
export function varianceSplit(
  groups: readonly (readonly number[])[],
  costs: { readonly block: number; readonly deployment: number },
): VarianceSplit | undefined {
  const usable = groups.filter((group) => group.length >= 2);
  if (usable.length < 2) return undefined;
  const within = mean(usable.map((group) => sampleVariance([...group]))); // S_1^2
  const between = sampleVariance(usable.map((group) => mean([...group]))); // S_2^2
  const repetitions = mean(usable.map((group) => group.length));
  const deployment = Math.max(0, between - within / repetitions); // T_2^2 = S_2^2 - S_1^2 / r_1
  const best = deployment > 0 && within > 0 ? Math.sqrt((costs.deployment / costs.block) * (within / deployment)) : undefined;
  return { block: within, deployment, blocksPerDeployment: best === undefined ? undefined : Math.max(1, Math.ceil(best)) };
}

/** p of "all deployments have the same mean": one-way analysis of variance (Fisher). 1 where it cannot be told. */
export function deploymentsDifferPValue(groups: readonly (readonly number[])[]): number {
  const filled = groups.filter((group) => group.length > 0);
  const n = filled.reduce((sum, group) => sum + group.length, 0);
  const [d1, d2] = [filled.length - 1, n - filled.length];
  if (d1 < 1 || d2 < 1) return 1;
  const overall = mean(filled.flat());
  const between = filled.reduce((sum, group) => sum + group.length * (mean([...group]) - overall) ** 2, 0) / d1;
  const within = filled.reduce((sum, group) => sum + group.length * variance([...group]), 0) / d2;
  if (within === 0) return between === 0 ? 1 : 0;
  const f = between / within;
  return 1 - incompleteBeta((d1 * f) / (d1 * f + d2), d1 / 2, d2 / 2);
}
