/** The charts, in the order in which a report shows them. To add one: a file here and a line below. */
import type { Chart } from './chart.ts';
import { differences } from './differences.ts';
import { percentileCurve } from './percentile-curve.ts';

export const charts: readonly Chart[] = [differences, percentileCurve];
