/** From a run and its analysis to a report: the answer first, then how sure, then how it was got. */
import type { Analysis, ComparisonAnalysis } from '../analysis/analyse.ts';
import { charts } from '../charts/index.ts';
import type { StoredRun } from '../model/records.ts';
import type { Block, ReportDocument } from './document.ts';
import { componentTable, differenceTable, estimateTable, parityTable } from './tables.ts';
import { verdictSentence } from './verdicts.ts';

export function buildReport(stored: StoredRun, analysis: Analysis): ReportDocument {
  const { run } = stored;
  return {
    title: `${run.experiment}: what each datapath charges per request`,
    subtitle: `run ${run.id}, cluster ${run.cluster}, ${run.blocks} blocks, meshtax ${run.tool.version}`,
    verdicts: analysis.comparisons.flatMap((comparison) => verdictsOf(comparison, analysis.margin)),
    blocks: [
      ...(run.question === '' ? [] : [{ kind: 'paragraph' as const, text: run.question }]),
      ...incomplete(stored),
      ...analysis.comparisons.flatMap((comparison) => comparisonBlocks(comparison, analysis)),
      ...parity(stored),
      ...proof(analysis),
      ...validity(stored),
      ...method(stored, analysis),
      ...environment(stored),
    ],
  };
}

function verdictsOf(comparison: ComparisonAnalysis, margin: number): string[] {
  return comparison.cells.filter((cell) => cell.arm !== comparison.baseline).map((cell) => verdictSentence(comparison, cell, margin));
}

function incomplete({ run }: StoredRun): Block[] {
  const blocks: Block[] = [];
  if (run.status !== 'complete') {
    blocks.push({
      kind: 'callout',
      level: 'warning',
      text: `This run is ${run.status}${run.failure === null ? '' : `: ${run.failure}`}. What it measured until then is shown.`,
    });
  }
  for (const gap of run.gaps)
    blocks.push({ kind: 'callout', level: 'info', text: `The run was continued at ${gap.at}, after block ${gap.afterBlock}.` });
  return blocks;
}

function comparisonBlocks(comparison: ComparisonAnalysis, analysis: Analysis): Block[] {
  const rate = comparison.ratePerSecond === null ? 'closed loop (capacity)' : `${comparison.ratePerSecond} requests/s, open loop`;
  return [
    { kind: 'heading', level: 2, text: `${comparison.workload}: ${rate}` },
    { kind: 'table', table: estimateTable(comparison, analysis) },
    { kind: 'table', table: differenceTable(comparison, analysis) },
    ...charts.flatMap((chart): Block[] => {
      const drawn = chart.draw(comparison, analysis);
      return drawn ? [{ kind: 'chart', chart: drawn }] : [];
    }),
    { kind: 'table', table: componentTable(comparison) },
  ];
}

function parity({ run }: StoredRun): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'What is compared with what' },
    {
      kind: 'paragraph',
      text: 'Datapaths that do different work are not the same product at two prices. The table says what each does with a request; differences between rows of different work are the price of that work too.',
    },
    { kind: 'table', table: parityTable(run.arms) },
  ];
}

function proof(analysis: Analysis): Block[] {
  const { trials, exact, requests } = analysis.proof;
  return [
    { kind: 'heading', level: 2, text: 'Proof that the traffic was on its path' },
    {
      kind: 'paragraph',
      text: `Before each deployment was used, a known number of requests had to move the counters of its own datapath by exactly that number, and no other's. In the measured windows ${exact} of ${trials} trials (${requests} requests in all) were counted exactly by every counter of their datapath.`,
    },
  ];
}

function validity({ run, trials }: StoredRun): Block[] {
  const invalid = trials.filter((trial) => !trial.valid);
  const noted = [...run.findings, ...trials.flatMap((trial) => trial.findings.filter((finding) => finding.level === 'warning'))];
  const warnings = noted.filter((finding) => finding.level === 'warning' || finding.level === 'error');
  return [
    { kind: 'heading', level: 2, text: 'Validity' },
    {
      kind: 'paragraph',
      text:
        invalid.length === 0
          ? `All ${trials.length} trials are valid: rate achieved, no errors, no backlog, generator not the bottleneck, components alive, every request on its path.`
          : `${invalid.length} of ${trials.length} trials are invalid. They are stored and not averaged in:`,
    },
    ...(invalid.length === 0
      ? []
      : [
          {
            kind: 'list' as const,
            items: invalid.map(
              (trial) =>
                `${trial.id}: ${trial.findings
                  .filter((finding) => finding.level === 'error')
                  .map((finding) => `${finding.title}: ${finding.detail}`)
                  .join('; ')}`,
            ),
          },
        ]),
    ...(warnings.length === 0 ? [] : [{ kind: 'findings' as const, findings: warnings }]),
  ];
}

function method({ run }: StoredRun, analysis: Analysis): Block[] {
  const confidence = Math.round(analysis.confidence * 100);
  const fresh =
    run.blocksPerDeployment === 1 ? 'every block on a fresh deployment' : `a fresh deployment every ${run.blocksPerDeployment} blocks`;
  return [
    { kind: 'heading', level: 2, text: 'Method' },
    {
      kind: 'list',
      items: [
        `${run.blocks} blocks, ${fresh}; inside a block every datapath was measured once, one after the other, in random order (seed ${run.seed}).`,
        `Intervals are Student's t over blocks at ${confidence} %, of the differences to ${run.baseline} inside the same block. Requests are not the unit of replication. They are valid for this fixed number of blocks.`,
        `Verdicts: "no difference" when the interval of the ratio lies within 1 +- ${analysis.margin}; "slower" or "more" when the interval of the difference excludes zero; else "unresolved". They are not corrected for the number of comparisons.`,
        'Latency is the time from a request becoming due in the generator (enqueue) to the arrival of its answer, so waiting for a busy connection counts (no coordinated omission). A percentile is given only where at least 10 requests of a block lie above it.',
        'CPU is per 1000 answered requests. The machine figure is the headline; figures by component are approximate, because interrupt work is charged to whoever was interrupted.',
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

function environment({ run }: StoredRun): Block[] {
  const facts: Record<string, string | number | boolean> = {
    ...run.facts,
    startedAt: run.startedAt,
    endedAt: run.endedAt ?? 'not ended',
    meshtax: run.tool.version,
  };
  return [
    { kind: 'heading', level: 2, text: 'Where it was measured' },
    {
      kind: 'table',
      table: {
        caption: 'Environment',
        columns: [
          { title: 'fact', align: 'left' },
          { title: 'value', align: 'left' },
        ],
        rows: Object.entries(facts).map(([fact, value]) => [fact, String(value)]),
      },
    },
    { kind: 'heading', level: 2, text: 'Measure it again' },
    { kind: 'paragraph', text: 'Everything above is recomputed from the stored run. The experiment, verbatim:' },
    { kind: 'code', text: run.specText },
    { kind: 'code', text: `./meshtax run experiment.yaml\n./meshtax report ${run.id}` },
  ];
}
