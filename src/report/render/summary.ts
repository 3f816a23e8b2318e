/** What `meshtax run` prints: for each comparison a narrow table that fits a terminal, then the verdicts. */
import { baselineWords, type Analysis, type Cell, type ComparisonAnalysis } from '../../analysis/analyse.ts';
import { formatDifference, formatEstimate, formatRatioInterval } from '../../model/format.ts';
import { designSentence } from '../method.ts';
import { verdictWord } from '../verdicts.ts';
import type { ReportDocument } from '../document.ts';
import { tableText } from './text.ts';

const SHOWN = [
  'capacity',
  'latency.p50',
  'latency.p90',
  'latency.p99',
  'latency.p99.9',
  'cpu.machine',
  'cpu.client-proxy',
  'cpu.server-proxy',
  'memory.datapath',
  'cpu.ebpf-programs',
];

export function summaryText(analysis: Analysis, document: ReportDocument): string {
  const parts = analysis.comparisons.map((comparison) => [...tableText(summaryTable(comparison, analysis)), ''].join('\n'));
  const { exact, trials, requests } = analysis.proof;
  return [
    document.title,
    document.subtitle,
    ...document.blocks.flatMap((block) => (block.kind === 'callout' ? [`${block.level}: ${block.text}`] : [])),
    ...analysis.comparisons.map((comparison) => `${comparison.workload}, ${comparison.load}: ${designSentence(comparison)}`),
    '',
    ...parts,
    `on path: ${exact} of ${trials} trials counted exactly by every counter of their datapath, ${requests} requests in all`,
    '',
  ].join('\n');
}

function summaryTable(comparison: ComparisonAnalysis, { confidence, margin }: Analysis) {
  const rate = comparison.ratePerSecond === null ? 'closed loop' : `${comparison.ratePerSecond}/s`;
  return {
    caption: `${comparison.workload}, ${rate}; difference to ${baselineWords(comparison)} inside a block, ${Math.round(confidence * 100)} % interval over blocks`,
    columns: [
      { title: 'datapath', align: 'left' as const },
      { title: 'figure', align: 'left' as const },
      { title: 'estimate', align: 'right' as const },
      { title: `against ${baselineWords(comparison)}`, align: 'right' as const },
      { title: 'ratio', align: 'right' as const },
      { title: 'verdict', align: 'left' as const },
    ],
    rows: comparison.cells.flatMap((cell) => rowsOf(cell, margin)),
  };
}

function rowsOf(cell: Cell, margin: number): string[][] {
  return SHOWN.flatMap((id) => {
    const metric = cell.metrics.find((candidate) => candidate.metric.id === id);
    if (!metric) return [];
    const { title, unit, group } = metric.metric;
    const name = `${title}${group === 'cpu' ? ' /1000' : ''}`;
    if (!metric.value) return [[cell.arm, name, '', '', '', metric.missing ?? '']];
    const { versus } = metric;
    return [
      [
        cell.arm,
        name,
        formatEstimate(unit, metric.value),
        versus ? formatDifference(unit, versus.difference) : '',
        versus?.ratio ? formatRatioInterval(versus.ratio) : '',
        versus ? verdictWord(metric, versus, margin) : '',
      ],
    ];
  });
}
