/** The decision in money: a model on the fitted slopes, with every input in sight. */
import type { Analysis, ComparisonAnalysis } from '../analysis/analyse.ts';
import { breakEvens, costsOf, HOURS_PER_MONTH, type CostInputs, type DatapathCost, type Span } from '../analysis/cost.ts';
import type { Table } from '../charts/chart.ts';
import { significant } from '../model/format.ts';
import type { Block } from './document.ts';

/** `areExample`: nobody gave inputs of their own. */
export function costBlocks({ comparisons }: Analysis, inputs: CostInputs, areExample: boolean): Block[] {
  const priced = comparisons.flatMap((comparison) => {
    const costs = costsOf(comparison, inputs);
    return costs.length === 0 ? [] : [{ comparison, costs }];
  });
  if (priced.length === 0) return [];
  return [
    { kind: 'heading', level: 2, text: 'What it would cost' },
    { kind: 'paragraph', text: inputSentence(inputs, areExample) },
    ...priced.map(({ comparison, costs }): Block => ({ kind: 'table', table: costTable(comparison, costs) })),
    ...priced.flatMap(({ comparison, costs }) => breakEvenBlock(comparison, costs, inputs)),
    {
      kind: 'paragraph',
      text: `CPU is the slope of the ladder over the baseline at that rate, for one hop of this workload; memory is what was measured over the baseline's, by who pays for it: a sidecar once a pod, a node proxy and an agent once a node, a waypoint and a control plane once. What runs without any request, spare capacity, licences and people are left out. The interval is that of the slope alone.`,
    },
  ];
}

function inputSentence({ nodes, podsPerNode, requestsPerSecond, perCoreHour, perGibHour }: CostInputs, areExample: boolean): string {
  const whose = areExample ? 'Example inputs, to be replaced by your own (`meshtax cost RUN --help`)' : 'Your inputs';
  return `${whose}: ${nodes} nodes with ${podsPerNode} pods each, ${requestsPerSecond} requests/s between pods in all, ${perCoreHour} a core-hour, ${perGibHour} a GiB-hour, ${HOURS_PER_MONTH} hours a month.`;
}

export function costTable({ workload, load }: ComparisonAnalysis, costs: readonly DatapathCost[]): Table {
  return {
    caption: `${workload}, ${load}: over the baseline, with the interval of the CPU slope`,
    columns: [
      { title: 'datapath', align: 'left' },
      ...['cores', 'memory, GiB', 'a month', 'its own a pod, MiB', 'its own a node, MiB'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    rows: costs.map(({ arm, against, cores, gib, perMonth, memory }) => [
      `${arm} over ${against}`,
      spanText(cores),
      known(gib, 1),
      perMonth ? spanText(perMonth) : 'not measured',
      known(memory.bytesPerPod, 1024 ** 2),
      known(memory.bytesPerNode, 1024 ** 2),
    ]),
  };
}

function known(value: number | undefined, unit: number): string {
  return value === undefined ? 'not measured' : significant(value / unit);
}

function spanText({ estimate, low, high }: Span): string {
  return `${significant(estimate)} [${significant(low)}, ${significant(high)}]`;
}

function breakEvenBlock({ workload, load }: ComparisonAnalysis, costs: readonly DatapathCost[], inputs: CostInputs): Block[] {
  const items = breakEvens(costs, inputs).map(
    ({ perPod, perNode, podsPerNode }) => `${workload}, ${load}: ${perNode} is cheaper than ${perPod} ${fromDensity(podsPerNode)}`,
  );
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

function fromDensity(podsPerNode: Span): string {
  const { estimate, low, high } = podsPerNode;
  if (high <= 0) return 'at any density, at these rates and prices, over the whole interval';
  if (estimate <= 0) return `at any density by the estimate; by the other end of the interval from ${significant(high)} pods a node on`;
  return `from ${spanText(podsPerNode)} pods a node on${low <= 0 ? '; at the lower end of the interval at any density' : ''}`;
}
