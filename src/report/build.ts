/** From a run and its analysis to a report: the answer first, then how sure, then how it was got. */
import { subjectOf, type Analysis, type ComparisonAnalysis } from '../analysis/analyse.ts';
import { EXAMPLE_INPUTS, type CostInputs } from '../analysis/cost.ts';
import { implausible } from '../analysis/plausibility.ts';
import { charts } from '../charts/index.ts';
import type { RunRecord, SealedRun } from '../model/records.ts';
import type { Block, ReportDocument } from './document.ts';
import { calibrationTables, calibrationVerdict } from './calibration.ts';
import { crossCheckTable, ladderTable, maskingTable } from './evidence.ts';
import { instrumentBlocks } from './instruments.ts';
import { citationBlocks } from './citation.ts';
import { costBlocks } from './cost.ts';
import { designSentence, methodBlocks } from './method.ts';
import { pairBlocks } from './pairs.ts';
import { threatBlocks } from './threats.ts';
import { componentTable, differenceTable, estimateTable, parityTable, proofTable } from './tables.ts';
import { verdictSentence } from './verdicts.ts';

export interface ReportOptions {
  /** Datapaths against each other although they do not do the same work. */
  readonly acrossTiers?: boolean;
  /** What the cost model is asked; default: an example. */
  readonly cost?: CostInputs | undefined;
}

/** The analysis holds all that is shown of the trials: the same page comes from a stored analysis. */
export function buildReport(stored: SealedRun, analysis: Analysis, { acrossTiers = false, cost }: ReportOptions = {}): ReportDocument {
  const { run } = stored;
  const { blocks } = analysis.validity;
  return {
    title: `${run.cluster === 'simulated' ? 'SIMULATED: ' : ''}${run.experiment}: what each datapath charges per request`,
    subtitle: `run ${run.id}, cluster ${run.cluster}, ${blocks} blocks, meshtax ${run.tool.version}`,
    verdicts: analysis.comparisons.flatMap((comparison) => verdictsOf(comparison, analysis)),
    blocks: [
      ...(run.question === '' ? [] : [{ kind: 'paragraph' as const, text: run.question }]),
      ...watermarks(run, analysis),
      ...incomplete(run),
      ...analysis.comparisons.flatMap((comparison) => comparisonBlocks(comparison, analysis)),
      ...pairBlocks(analysis, acrossTiers),
      ...costBlocks(analysis, cost ?? EXAMPLE_INPUTS, cost === undefined),
      ...parity(run),
      ...proof(run, analysis),
      ...instrumentBlocks(analysis),
      ...validity(run, analysis),
      ...methodBlocks(run, analysis),
      ...threatBlocks(run, analysis),
      ...trust(run),
      ...environment(run),
      ...citationBlocks(stored),
    ],
  };
}

/** What a reader must not miss. */
function watermarks({ cluster, calibration, tool }: RunRecord, { validity: { generators } }: Analysis): Block[] {
  const warning = (text: string): Block => ({ kind: 'callout', level: 'warning', text });
  if (cluster === 'simulated')
    return [warning('Simulated: every figure on this page comes from a random generator. It shows the method, not a datapath.')];
  if (calibration === null)
    return [warning('Uncalibrated: on this host nobody has yet shown how far the tool itself is off (`meshtax calibrate`).')];
  const problems = [
    ...(calibration.quick ? ['it was a quick one, a smoke test only'] : []),
    ...(calibration.meshtax === tool.version ? [] : [`it was made by meshtax ${calibration.meshtax}`]),
    ...calibration.failures.filter((failure) => concerns(failure, Object.keys(calibration.quantileError), generators)),
  ];
  return problems.length === 0 ? [] : [warning(`The calibration of this host does not carry these figures: ${problems.join('; ')}.`)];
}

/** A failure begins with what it is about; what was calibrated but not used here is no concern of this run. */
function concerns(failure: string, subjects: readonly string[], generators: readonly string[]): boolean {
  const [subject = ''] = failure.split(':');
  return !subjects.includes(subject) || generators.includes(subject);
}

function trust({ calibration }: RunRecord): Block[] {
  if (!calibration) return [];
  return [
    { kind: 'heading', level: 2, text: 'What the tool showed of itself on this host' },
    { kind: 'paragraph', text: `Calibrated at ${calibration.at} with meshtax ${calibration.meshtax}; ${calibrationVerdict(calibration)}.` },
    ...calibrationTables(calibration).map((table): Block => ({ kind: 'table', table })),
  ];
}

function verdictsOf(comparison: ComparisonAnalysis, analysis: Analysis): string[] {
  return comparison.cells.filter((cell) => cell.baseline !== undefined).map((cell) => verdictSentence(comparison, cell, analysis));
}

function incomplete(run: RunRecord): Block[] {
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
  const tables = [maskingTable(comparison), ladderTable(comparison), componentTable(comparison), crossCheckTable(comparison, analysis)];
  const differences = differenceTable(comparison, analysis);
  return [
    { kind: 'heading', level: 2, text: `${comparison.workload}: ${rate}` },
    { kind: 'paragraph', text: designSentence(comparison) },
    { kind: 'table', table: estimateTable(comparison, analysis) },
    ...(differences ? [{ kind: 'table' as const, table: differences }] : []),
    ...charts.flatMap((chart): Block[] => {
      const drawn = chart.draw(comparison, analysis);
      return drawn ? [{ kind: 'chart', chart: drawn }] : [];
    }),
    ...tables.flatMap((table): Block[] => (table ? [{ kind: 'table', table }] : [])),
  ];
}

function parity(run: RunRecord): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'What is compared with what' },
    {
      kind: 'paragraph',
      text: 'Datapaths that do different work are not the same product at two prices. The table says what each does with a request; differences between rows of different work are the price of that work too.',
    },
    { kind: 'table', table: parityTable(run.arms) },
  ];
}

function proof({ proofs }: RunRecord, analysis: Analysis): Block[] {
  const { trials, exact, requests } = analysis.proof;
  const table = proofTable(proofs);
  return [
    { kind: 'heading', level: 2, text: 'Proof that the traffic was on its path' },
    {
      kind: 'paragraph',
      text: `Before each deployment was used, a known number of requests had to move the counters of its own datapath by exactly that number, and no other's. In the measured windows ${exact} of ${trials} trials (${requests} requests in all) were counted exactly by every counter of their datapath.`,
    },
    ...(table ? [{ kind: 'table' as const, table }] : []),
  ];
}

function validity(run: RunRecord, analysis: Analysis): Block[] {
  const { counted, invalid, repeated, warnings: ofTrials } = analysis.validity;
  const noted = [...run.findings, ...implausible(analysis, run.arms), ...ofTrials];
  const warnings = noted.filter((finding) => finding.level === 'warning' || finding.level === 'error');
  return [
    { kind: 'heading', level: 2, text: 'Validity' },
    {
      kind: 'paragraph',
      text:
        counted === 0
          ? `No trial counts yet.${again(repeated)}`
          : invalid.length === 0
            ? `All ${counted} trials are valid: rate achieved, at most 0.1 % errors, no backlog, generator not the bottleneck, components alive, every request on its path.${again(repeated)}`
            : `${invalid.length} of ${counted} trials are invalid. They are stored and not averaged in.${again(repeated)}`,
    },
    ...(invalid.length === 0
      ? []
      : [
          {
            kind: 'list' as const,
            items: invalid.map(
              ({ id, findings }) => `${id}: ${findings.map((finding) => `${finding.title}: ${finding.detail}`).join('; ')}`,
            ),
          },
        ]),
    ...steadiness(analysis),
    ...(warnings.length === 0 ? [] : [{ kind: 'findings' as const, findings: warnings }]),
  ];
}

/** Of the arms themselves; what drifts for all arms alike cancels inside blocks. */
function steadiness({ comparisons }: Analysis): Block[] {
  const named = comparisons.flatMap((each) => each.cells.map((cell) => ({ cell, name: `${subjectOf(each, comparisons)} ${cell.arm}` })));
  const drifting = named.filter(({ cell }) => cell.steadyFrom === null).map(({ name }) => name);
  const settled = named.flatMap(({ cell, name }) => (typeof cell.steadyFrom === 'number' ? [`${name} from block ${cell.steadyFrom}`] : []));
  if (drifting.length + settled.length === 0) return [];
  const parts = [
    ...(settled.length > 0 ? [`p50 was steady: ${settled.join(', ')}`] : []),
    ...(drifting.length > 0 ? [`never over ten blocks: ${drifting.join(', ')}`] : []),
  ];
  return [
    { kind: 'paragraph', text: `${parts.join('; ')}. Differences are taken inside blocks, where a drift of the host is the same for all.` },
  ];
}

function again(repeated: number): string {
  return repeated === 0
    ? ''
    : ` ${repeated} more were measured again in all arms because the host stood still (over 2 % of the time, or over 100 ms); they are stored beside the others.`;
}

function environment(run: RunRecord): Block[] {
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
  ];
}
