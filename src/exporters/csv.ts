import { csvText } from '../model/csv.ts';
import type { Exporter } from './exporter.ts';
import { figuresOf } from './figures.ts';

/** Flat rows, a figure each, in base units: for spreadsheets, and as they are for Parquet. */
export const csv: Exporter = {
  id: 'csv',
  title: 'flat rows, a figure each',
  leavesOut: 'histograms, blocks and cross-checks',
  render: ({ run }, analysis) =>
    csvText(
      [
        ...['run', 'experiment', 'started_at', 'cluster', 'workload', 'load', 'datapath', 'tier', 'metric', 'unit'],
        ...['estimate', 'low', 'high', 'blocks', 'confidence', 'baseline', 'baseline_tier', 'same_tier'],
        ...['difference', 'difference_low', 'difference_high', 'ratio', 'ratio_low', 'ratio_high', 'verdict'],
      ],
      figuresOf(analysis).map(
        ({ workload, load, arm, tier, metric, value, baseline, baselineTier, sameTier, difference, ratio, verdict }) => [
          ...[run.id, run.experiment, run.startedAt, run.cluster, workload, load, arm, tier, metric.id, metric.unit],
          ...[value.estimate, value.low, value.high, value.n, analysis.confidence],
          ...[baseline, baselineTier, sameTier],
          ...[difference?.estimate, difference?.low, difference?.high, ratio?.estimate, ratio?.low, ratio?.high, verdict],
        ],
      ),
    ),
};
