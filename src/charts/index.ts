/** The charts, in the order in which a report shows them. To add one: a file here and a line below. */
import type { Chart } from './chart.ts';
import { anchors } from './anchors.ts';
import { cpuComponents } from './cpu-components.ts';
import { differences } from './differences.ts';
import { distribution } from './distribution.ts';
import { forest } from './forest.ts';
import { memory } from './memory.ts';
import { percentileCurve } from './percentile-curve.ts';
import { timeline } from './timeline.ts';
import { trials } from './trials.ts';

export const charts: readonly Chart[] = [
  forest,
  differences,
  percentileCurve,
  distribution,
  trials,
  timeline,
  cpuComponents,
  memory,
  anchors,
];
