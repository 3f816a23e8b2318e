import { formatOpenMetrics } from '../model/exposition.ts';
import { trialFamilies } from '../report/series.ts';
import type { Exporter } from './exporter.ts';

/** The points of all trials, as `promtool tsdb create-blocks-from openmetrics` takes them. */
export const openmetrics: Exporter = {
  id: 'openmetrics',
  title: 'OpenMetrics, a point for every trial',
  leavesOut: 'intervals and verdicts',
  render: ({ trials }, analysis) => formatOpenMetrics(trialFamilies(trials, analysis)),
};
