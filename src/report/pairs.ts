/** Datapaths against each other: those that do the same work, unless more was asked for. */
import type { Analysis, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { HeadToHead } from '../analysis/head-to-head.ts';
import type { Table } from '../charts/chart.ts';
import { UNEQUAL_MARK } from '../charts/panels.ts';
import { formatDifference, formatRatioInterval } from '../model/format.ts';
import type { Block } from './document.ts';

export function pairBlocks(analysis: Analysis, acrossTiers: boolean): Block[] {
  const tables = analysis.comparisons.flatMap((comparison) => pairTable(comparison) ?? []);
  if (tables.length === 0) return [];
  const scope = acrossTiers
    ? `Pairs of different tiers were asked for and are marked ${UNEQUAL_MARK}: their difference is also the price of unequal work.`
    : 'Only pairs of one tier, which do the same work with a request; `--across-tiers` adds the others.';
  return [
    { kind: 'heading', level: 2, text: 'Datapaths against each other' },
    { kind: 'paragraph', text: `${scope} Paired inside blocks; the verdict stands among the four primary figures of the pair (Holm).` },
    ...tables.map((table): Block => ({ kind: 'table', table })),
  ];
}

function pairTable({ workload, load, pairs }: ComparisonAnalysis): Table | undefined {
  const rows = pairs.flatMap((pair) =>
    pair.metrics.map(({ metric, versus }) => [
      nameOf(pair),
      metric.title,
      versus.ratio ? formatRatioInterval(versus.ratio) : '',
      formatDifference(metric.unit, versus.difference),
      `${versus.verdict}${versus.reason === '' ? '' : ` (${versus.reason})`}`,
      String(versus.difference.n),
    ]),
  );
  if (rows.length === 0) return undefined;
  const through = pairs.some(({ throughBaselines }) => throughBaselines)
    ? '; across clusters each by its own baseline, the first as it would be on the second’s cluster'
    : '';
  return {
    caption: `${workload}, ${load}: the first against the second${through}`,
    columns: [
      { title: 'pair', align: 'left' },
      { title: 'figure', align: 'left' },
      { title: 'ratio', align: 'right' },
      { title: 'difference', align: 'right' },
      { title: 'verdict', align: 'left' },
      { title: 'blocks', align: 'right' },
    ],
    rows,
  };
}

function nameOf({ arm, against, sameTier }: HeadToHead): string {
  return `${arm} against ${against}${sameTier ? '' : ` ${UNEQUAL_MARK}`}`;
}
