/** Verdicts in plain words, from a closed set. */
import type { Cell, CellMetric, ComparisonAnalysis, Versus } from '../analysis/analyse.ts';
import { formatDifference, formatRatio } from '../model/format.ts';

/** The word of a figure's verdict: latency is slower, resources are more. */
export function verdictWord(metric: CellMetric, versus: Versus): string {
  const latency = metric.metric.group === 'latency';
  switch (versus.verdict) {
    case 'higher':
      return metric.metric.better === 'higher' ? 'more' : latency ? 'slower' : 'more';
    case 'lower':
      return metric.metric.better === 'higher' ? 'less' : latency ? 'faster' : 'less';
    case 'no difference':
      return 'no difference (within ±5 %)';
    case 'unresolved':
      return versus.blocksToResolve === undefined ? 'unresolved' : `unresolved (about ${versus.blocksToResolve} blocks would resolve it)`;
  }
}

/** One sentence a datapath: latency in the middle and in the tail, then CPU. */
export function verdictSentence(comparison: ComparisonAnalysis, cell: Cell): string {
  const parts = (['capacity', 'latency.p50', 'latency.p99', 'cpu.machine'] as const).flatMap((id) => {
    const metric = cell.metrics.find((candidate) => candidate.metric.id === id);
    return metric ? [phrase(metric)] : [];
  });
  if (parts.length === 0) return `${cell.arm}, ${comparison.workload}: nothing valid was measured.`;
  return `${cell.arm} against ${comparison.baseline}, ${comparison.workload}: ${parts.join('; ')}.`;
}

function phrase(metric: CellMetric): string {
  const name = metric.metric.id === 'cpu.machine' ? 'CPU per 1000 requests' : metric.metric.title.replace('latency ', '');
  if (!metric.versus) return `${name} not given (${metric.missing ?? 'no pair of blocks'})`;
  const ratio = metric.versus.ratio ? ` (${formatRatio(metric.versus.ratio.estimate)})` : '';
  return `${name} ${verdictWord(metric, metric.versus)}, ${formatDifference(metric.metric.unit, metric.versus.difference)}${ratio}`;
}
