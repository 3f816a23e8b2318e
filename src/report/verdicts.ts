/** Verdicts in plain words, from a closed set. */
import { subjectOf, type Analysis, type Cell, type CellMetric, type ComparisonAnalysis } from '../analysis/analyse.ts';
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
    case 'unresolved':
      return `unresolved (${hintOf(versus)})`;
  }
}

/** Why there is no verdict yet, or what one would take. */
function hintOf({ reason, blocksToResolve, difference }: Versus): string {
  if (reason !== '') return reason;
  const more = blocksToResolve === undefined ? undefined : blocksToResolve - difference.n;
  return more === undefined ? 'not even thousands of blocks would tell' : `about ${more} more block${more === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

const SPOKEN = ['capacity', 'latency.p50', 'latency.p99', 'cpu.machine', 'memory.datapath'] as const;

/** One sentence a datapath: what is settled first, then what makes no difference, then what is open and for how long. */
export function verdictSentence(comparison: ComparisonAnalysis, cell: Cell, { margin, comparisons }: Analysis): string {
  const subject = subjectOf(comparison, comparisons);
  const metrics = SPOKEN.flatMap((id) => cell.metrics.find(({ metric }) => metric.id === id) ?? []);
  if (metrics.length === 0) return `${cell.arm}, ${subject}: nothing valid was measured.`;
  const judged = metrics.flatMap((metric) => (metric.versus ? [{ metric, versus: metric.versus }] : []));
  const withWord = (word: string) => judged.filter(({ metric, versus }) => claimOf(metric, versus) === word);
  const claims = ['slower', 'faster', 'more', 'less'].flatMap((word) => {
    const own = withWord(word);
    return own.length === 0
      ? []
      : [`${word}: ${own.map(({ metric, versus }) => `${nameOf(metric)} ${sizeOf(metric, versus)}`).join(', ')}`];
  });
  const same = judged.filter(({ versus }) => versus.verdict === 'no difference').map(({ metric }) => nameOf(metric));
  const open = judged.filter(({ versus }) => versus.verdict === 'unresolved' || versus.verdict === 'cannot judge');
  const missing = metrics
    .filter(({ versus }) => !versus)
    .map((metric) => `${nameOf(metric)} (${metric.missing ?? unpaired(comparison, cell, metric)})`);
  const parts = [
    ...claims,
    ...(same.length === 0 ? [] : [`no difference within ±${percent(margin)}: ${same.join(', ')}`]),
    ...(open.length === 0
      ? []
      : [`not settled: ${open.map(({ metric, versus }) => `${nameOf(metric)} ${sizeOf(metric, versus)}, ${hintOf(versus)}`).join('; ')}`]),
    ...(missing.length === 0 ? [] : [`not given: ${missing.join(', ')}`]),
  ];
  return `${cell.arm} against ${cell.baseline}, ${subject}: ${parts.join('; ')}.`;
}

function unpaired({ cells }: ComparisonAnalysis, { baseline }: Cell, { metric, blocks }: CellMetric): string {
  const other = cells.find(({ arm }) => arm === baseline)?.metrics.find((each) => each.metric.id === metric.id);
  const theirs = new Set(other?.blocks.map(([block]) => block));
  const pairs = blocks.filter(([block]) => theirs.has(block)).length;
  return pairs === 0 ? 'no pair of blocks' : `${pairs} pair${pairs === 1 ? '' : 's'} of blocks, too few for an interval`;
}

function claimOf({ metric }: CellMetric, { verdict }: Versus): string | undefined {
  if (verdict !== 'higher' && verdict !== 'lower') return undefined;
  const [up, down] = metric.group === 'latency' ? ['slower', 'faster'] : ['more', 'less'];
  return verdict === 'higher' ? up : down;
}

function nameOf({ metric }: CellMetric): string {
  return metric.id === 'cpu.machine' ? 'CPU per 1000 requests' : metric.title.replace('latency ', '');
}

function sizeOf({ metric }: CellMetric, { difference, ratio }: Versus): string {
  return `${formatDifference(metric.unit, difference)}${ratio ? ` (${formatRatioInterval(ratio)})` : ''}`;
}
