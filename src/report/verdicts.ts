/** Verdicts in plain words, from a closed set. */
import type { Cell, CellMetric, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { Versus } from '../analysis/versus.ts';
import { formatDifference, formatRatioInterval } from '../model/format.ts';

/** The word of a figure's verdict: latency is slower, resources are more. */
export function verdictWord(metric: CellMetric, versus: Versus, margin: number): string {
  const because = versus.reason === '' ? '' : ` (${versus.reason})`;
  switch (versus.verdict) {
    case 'higher':
      return `${metric.metric.group === 'latency' ? 'slower' : 'more'}${because}`;
    case 'lower':
      return `${metric.metric.group === 'latency' ? 'faster' : 'less'}${because}`;
    case 'no difference':
      return `no difference within ±${percent(margin)}${because}`;
    case 'cannot judge':
      return `cannot judge${because}`;
    case 'unresolved': {
      const more = versus.blocksToResolve === undefined ? undefined : versus.blocksToResolve - versus.difference.n;
      const hint =
        versus.reason !== '' ? versus.reason : more === undefined ? 'not even thousands of blocks would tell' : `about ${more} more blocks`;
      return `unresolved (${hint})`;
    }
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** One sentence a datapath: latency in the middle and in the tail, then CPU. */
export function verdictSentence(comparison: ComparisonAnalysis, cell: Cell, margin: number): string {
  const parts = (['capacity', 'latency.p50', 'latency.p99', 'cpu.machine', 'memory.datapath'] as const).flatMap((id) => {
    const metric = cell.metrics.find((candidate) => candidate.metric.id === id);
    return metric ? [phrase(metric, margin)] : [];
  });
  if (parts.length === 0) return `${cell.arm}, ${comparison.workload}: nothing valid was measured.`;
  return `${cell.arm} against ${cell.baseline}, ${comparison.workload}: ${parts.join('; ')}.`;
}

function phrase(metric: CellMetric, margin: number): string {
  const name = metric.metric.id === 'cpu.machine' ? 'CPU per 1000 requests' : metric.metric.title.replace('latency ', '');
  if (!metric.versus) return `${name} not given (${metric.missing ?? 'no pair of blocks'})`;
  const ratio = metric.versus.ratio ? ` (${formatRatioInterval(metric.versus.ratio)})` : '';
  return `${name} ${verdictWord(metric, metric.versus, margin)}, ${formatDifference(metric.metric.unit, metric.versus.difference)}${ratio}`;
}
