/** A chart: analysis in; Vega-Lite spec, a sentence that says what it shows, and the table behind it out. */
import type { TopLevelSpec } from 'vega-lite';
import type { Analysis, ComparisonAnalysis } from '../analysis/analyse.ts';

export interface Table {
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

export interface DrawnChart {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly table: Table;
  readonly spec: TopLevelSpec;
}

export interface Chart {
  readonly id: string;
  /** Undefined when there is nothing to draw. */
  draw(comparison: ComparisonAnalysis, analysis: Analysis): DrawnChart | undefined;
}

/** Okabe and Ito's colour-blind-safe hues, with a shape and a dash each: colour is never alone. */
export const SERIES_STYLE = {
  colours: ['#000000', '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00'],
  shapes: ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down', 'triangle-right'],
  dashes: [
    [1, 0],
    [6, 3],
    [2, 2],
    [8, 3, 2, 3],
    [4, 4],
    [10, 4],
    [1, 3],
  ],
} as const;

export const CHART_CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  axis: { labelFontSize: 12, titleFontSize: 12, grid: true, gridColor: '#eee', labelColor: '#000', titleColor: '#000' },
  // Without a screen, text is taken for wider than it is: the default limit cuts what has room.
  legend: { labelFontSize: 12, titleFontSize: 12, labelLimit: 240 },
  view: { stroke: null },
  point: { opacity: 1 },
  aria: false,
} as const;
