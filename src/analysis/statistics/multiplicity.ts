/** Several questions at once. */

/** Holm's step-down adjustment (Scand. J. Stat. 6, 1979): controls the chance of any false claim in the family. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = Array.from<number>({ length: pValues.length });
  let largest = 0;
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}

/**
 * e-BH (Wang, Ramdas, J. R. Stat. Soc. B 84, 2022): controls the share of false claims at `level` under any dependence
 * and at any stopping time. True where the claim stands.
 */
export function eBenjaminiHochberg(eValues: readonly number[], level: number): boolean[] {
  const count = eValues.length;
  const sorted = eValues.toSorted((a, b) => b - a);
  let threshold = Number.POSITIVE_INFINITY;
  sorted.forEach((e, index) => {
    if ((e * (index + 1)) / count >= 1 / level) threshold = e;
  });
  return eValues.map((e) => e >= threshold);
}
