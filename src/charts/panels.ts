/** What several charts share: one panel a figure, one dot or bar a datapath, and marks for unequal work. */
import type { Cell, CellMetric, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { COMPONENTS } from '../analysis/metrics.ts';
import { SERIES_STYLE } from './chart.ts';

/** Of a datapath that does other work than what it is compared with. */
export const UNEQUAL_MARK = '†';
export const UNEQUAL_COLOUR = '#8a8a8a';

export function metricOf(cell: Cell, id: string): CellMetric | undefined {
  return cell.metrics.find(({ metric }) => metric.id === id);
}

/** After the unit of a figure: of how many requests. */
export function perRequests({ metric: { unit } }: CellMetric): string {
  return unit === 'nsPer1000' ? ' per 1000' : '';
}

/** Whether a datapath does the same work as its baseline. */
export function isEqualWork({ cells }: ComparisonAnalysis, cell: Cell): boolean {
  return cell.baseline === undefined || cells.find(({ arm }) => arm === cell.baseline)?.tier === cell.tier;
}

export function nameWithMark(comparison: ComparisonAnalysis, cell: Cell): string {
  return isEqualWork(comparison, cell) ? cell.arm : `${cell.arm} ${UNEQUAL_MARK}`;
}

/** Said under every chart that holds such a pair; empty where all do the same work. */
export function unequalSentence(comparison: ComparisonAnalysis): string {
  const unequal = comparison.cells.filter((cell) => !isEqualWork(comparison, cell));
  if (unequal.length === 0) return '';
  const tiers = unequal.map((cell) => {
    const other = comparison.cells.find(({ arm }) => arm === cell.baseline);
    return `${cell.arm} (${cell.tier}) against ${cell.baseline} (${other?.tier ?? 'unknown'})`;
  });
  return ` ${UNEQUAL_MARK} Not the same work: ${tiers.join(', ')}; the difference is the price of that work too.`;
}

/** Colour, shape and dash of every datapath of a comparison, the same in all charts. */
export function seriesEncoding(arms: readonly string[]) {
  const series = { field: 'arm', type: 'nominal' as const, sort: null, legend: { title: null, orient: 'bottom' as const, symbolSize: 90 } };
  const cycle = <T>(range: readonly T[]): T[] => arms.map((_, index) => range[index % range.length] as T);
  // Where the colours begin again, shape and dash are others.
  const shifted = <T>(range: readonly T[]): T[] =>
    arms.map((_, index) => range[(index + Math.floor(index / range.length)) % range.length] as T);
  return {
    color: { ...series, scale: { domain: [...arms], range: cycle(SERIES_STYLE.colours) } },
    strokeDash: { ...series, scale: { domain: [...arms], range: shifted(SERIES_STYLE.dashes).map((dash) => [...dash]) } },
    shape: { ...series, scale: { domain: [...arms], range: shifted(SERIES_STYLE.shapes) } },
  };
}

/** What the machine used and no component was charged with. */
export const NOBODY = 'charged to nobody';
export type Component = (typeof COMPONENTS)[number];

/** One colour a component in every chart. Okabe and Ito's hues without black, which marks totals; two of Tol's for the rest. */
const COMPONENT_COLOURS: Readonly<Record<Component | typeof NOBODY, string>> = {
  generator: '#0072B2',
  'client-proxy': '#D55E00',
  'node-proxy': '#F0E442',
  waypoint: '#882255',
  'server-proxy': '#CC79A7',
  'server-app': '#009E73',
  observer: '#56B4E9',
  agent: '#E69F00',
  'control-plane': '#332288',
  [NOBODY]: '#bbbbbb',
};

/** The colours of stacked components, with their legend. */
export function componentEncoding(components: readonly (Component | typeof NOBODY)[]) {
  return {
    field: 'component',
    type: 'nominal' as const,
    sort: null,
    scale: { domain: [...components], range: components.map((component) => COMPONENT_COLOURS[component]) },
    legend: { title: null, orient: 'bottom' as const, columns: 4 },
  };
}

/** 1, 2 and 5 of each decade: a logarithmic axis otherwise draws nine lines a decade. */
export function logTicks(low: number, high: number): number[] {
  // Of a stranger's figures nothing is sure.
  if (!(low > 0) || !Number.isFinite(high)) return [];
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++)
    for (const step of [1, 2, 5]) ticks.push(Number(`${step}e${exponent}`));
  return ticks.filter((tick) => tick >= low && tick <= high);
}
