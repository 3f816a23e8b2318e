/** How it was measured, from what really ran. */
import type { Analysis, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { RunRecord } from '../model/records.ts';
import { isSoaked } from './evidence.ts';
import type { Block } from './document.ts';

const DESIGNS = {
  duet: 'Duet: all datapaths were alive at once and each request was drawn to one of them, so that whatever the host did, it did to all.',
  slice: 'Slices: the datapaths took turns of about half a second, in random order, inside each block.',
  block: 'Blocks: the datapaths were measured one after the other, in random order, inside each block.',
} as const;

export function designSentence({ design, masking }: ComparisonAnalysis): string {
  const how = design ? `${DESIGNS[design.design]} Why: ${design.reason}.` : DESIGNS.block;
  const masked = masking.used
    ? `Latency is masked: requests that became due around a stall of the host are left out (${masking.reason}); the figures before masking stand below.`
    : `Latency is not masked (${masking.reason}).`;
  return `${how} ${masked}`;
}

export function methodBlocks(run: RunRecord, analysis: Analysis): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'Method' },
    {
      kind: 'list',
      items: [
        blocksSentence(run),
        intervalSentence(analysis),
        verdictSentence(analysis),
        latencySentence(analysis),
        cpuSentence(run, analysis),
      ],
    },
    {
      kind: 'table',
      table: {
        caption: 'Instruments',
        columns: [
          { title: 'instrument', align: 'left' },
          { title: 'includes', align: 'left' },
          { title: 'leaves out', align: 'left' },
        ],
        rows: run.collectors.map((collector) => [collector.title, collector.includes, collector.leavesOut]),
      },
    },
  ];
}

function blocksSentence({ blocks, minBlocks, blocksPerDeployment, stop, stopped, status, seed }: RunRecord): string {
  const fresh = blocksPerDeployment === 1 ? 'every block on a fresh deployment' : `a fresh deployment every ${blocksPerDeployment} blocks`;
  const many =
    stop === 'fixed'
      ? `${blocks} blocks, set beforehand`
      : `${minBlocks} to ${blocks} blocks, until every primary figure had a verdict or the time was over`;
  const ended =
    status !== 'complete' ? `; it is ${status}, and has not come to its end` : stop === 'fixed' ? '' : `; it ended because ${stopped}`;
  return `${many}${ended}; ${fresh}; order and arrivals drawn from the seed ${seed}. The block is the unit of replication, not the request.`;
}

function intervalSentence({ confidence, intervals }: Analysis): string {
  const percent = Math.round(confidence * 100);
  const kind =
    intervals === 'anytime'
      ? `anytime-valid t intervals: they cover at every number of blocks at once, so that looking after each block and stopping early does not spoil them`
      : `Student's t intervals for this fixed number of blocks`;
  return `Intervals (${percent} %) are ${kind}, over differences to the baseline inside the same block. Where neighbouring blocks correlate they are merged first; where deployments differ by more than their blocks explain, the wider interval over deployments is printed.`;
}

function verdictSentence({ margin, confidence }: Analysis): string {
  return `Verdicts: "no difference within ±${(margin * 100).toFixed(1).replace('.0', '')} %" when the interval of the ratio lies within that margin; "slower" or "more" when it excludes 1 and the p-value stands among the four primary figures of the datapath (Holm, ${Math.round((1 - confidence) * 100)} %); "unresolved" otherwise; "cannot judge" for unequal numbers of requests or blocks that depend on each other. A difference under 1 % is only claimed over three deployments.`;
}

function latencySentence({ comparisons }: Analysis): string {
  const closed = comparisons.some(({ ratePerSecond }) => ratePerSecond === null)
    ? ' In a closed loop a request becomes due when the one before it was answered: its latency holds no waiting, and is that of a loop only.'
    : '';
  return `Latency is the time from a request becoming due in the generator (enqueue) to the arrival of its answer, so in an open loop waiting for a busy connection counts (no coordinated omission).${closed} A percentile is given only where at least 10 requests of a block lie above it.`;
}

function cpuSentence({ designs }: RunRecord, { comparisons }: Analysis): string {
  const ladders = designs.filter((design) => design.capacityPerSecond !== null);
  if (ladders.length === 0)
    return 'CPU is per 1000 answered requests at the rate of the load. Figures by component are approximate, because interrupt work is charged to whoever was interrupted.';
  const rates = ladders.map(({ workload, capacityPerSecond, weakest }) => `${workload} ${capacityPerSecond}/s (${weakest})`).join(', ');
  const machine = comparisons.some(isSoaked)
    ? "The machine's figure comes from idle-priority threads that see whatever else a CPU does."
    : "The machine's figure is the kernel's own count of its CPUs' time.";
  return `CPU per 1000 requests is the slope of a line through each datapath's CPU at a ladder of rates, alone under load; what runs without any request is its intercept. The ladder's rates are shares of the lowest rate that all sustained, at most four times the load: ${rates}. ${machine} Figures by component are approximate, because interrupt work is charged to whoever was interrupted.`;
}
