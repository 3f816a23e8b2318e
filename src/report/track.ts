/** The page of a series over versions: what changed where, confirmed or not, and what else changed with it. */
import { PRIMARY } from '../analysis/metrics.ts';
import { directionOf, sameFigure, type Step, type TrackAnalysis } from '../analysis/track.ts';
import { versionSeries } from '../charts/version-series.ts';
import type { Table } from '../charts/chart.ts';
import { formatDifference, formatRatioInterval } from '../model/format.ts';
import type { TrackRecord } from '../model/track.ts';
import type { Block, ReportDocument } from './document.ts';

const WORDS: Readonly<Record<Step['outcome'], string>> = {
  change: 'CHANGED, confirmed',
  unconfirmed: 'called once, not confirmed',
  equivalent: 'equivalent within the margin',
  unresolved: 'unresolved',
};

export function trackDocument(record: TrackRecord, analysis: TrackAnalysis, margin: number): ReportDocument {
  const { name, component, versions, pairs } = record;
  // By version, also where one was asked about later than its neighbours.
  const rank = ({ older, newer }: Step) => versions.indexOf(older) * versions.length + versions.indexOf(newer);
  const steps = analysis.steps.toSorted((a, b) => rank(a) - rank(b));
  const changes = steps.filter(({ outcome }) => outcome === 'change');
  return {
    title: `${name}: ${component} over versions`,
    subtitle: `${versions.join(', ')}; ${pairs.length} runs, since ${record.startedAt.slice(0, 10)}`,
    verdicts: changes.length === 0 ? [quietSentence(steps, margin)] : changes.map(changeSentence),
    blocks: [
      {
        kind: 'paragraph',
        text: 'Two versions were measured against each other in one run, beside the same baseline, so that the state of the host cancels. A change stands only when a fresh run says it too, after another run of the same two versions or the whole series did; nothing else alerts.',
      },
      { kind: 'heading', level: 2, text: 'From version to version' },
      { kind: 'table', table: stepTable(steps) },
      { kind: 'heading', level: 2, text: 'Over all versions' },
      ...chartsOf(record, analysis, margin),
      { kind: 'heading', level: 2, text: 'What else changed between the runs' },
      analysis.factChanges.length === 0
        ? { kind: 'paragraph', text: 'No recorded fact of the environment differs between the runs.' }
        : { kind: 'table', table: factTable(analysis) },
      { kind: 'heading', level: 2, text: 'Runs' },
      { kind: 'table', table: runTable(record) },
      { kind: 'code', text: record.specText },
    ],
  };
}

function changeSentence(step: Step): string {
  const { older, newer, workload, load, metric, first, second, shown } = step;
  const sizes = [first, second].flatMap((each) =>
    each?.ratio ? [formatRatioInterval(each.ratio)] : each ? [formatDifference(metric.unit, each.difference)] : [],
  );
  const verdict = directionOf(step);
  return `${older} to ${newer}, ${workload}, ${load}: ${metric.title} is ${verdict}, ${sizes.join(', and again ')}${shown ? '; the whole series shows it too' : ''}.`;
}

function quietSentence(steps: readonly Step[], margin: number): string {
  if (steps.length === 0) return 'Nothing could be compared.';
  const count = (outcome: Step['outcome']) => steps.filter((each) => each.outcome === outcome).length;
  return `No confirmed change: of ${steps.length} figures of pairs of versions ${count('equivalent')} are equivalent within ±${(margin * 100).toFixed(0)} %, ${count('unresolved')} unresolved, ${count('unconfirmed')} called once and not again.`;
}

function stepTable(steps: readonly Step[]): Table {
  const ratio = (versus: Step['second']) => (versus?.ratio ? formatRatioInterval(versus.ratio) : '');
  return {
    caption: 'The newer against the older version, paired inside blocks',
    columns: [
      ...['from', 'to', 'workload', 'load', 'figure', 'outcome'].map((title) => ({ title, align: 'left' as const })),
      ...['ratio', 'ratio, again'].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: steps.map(({ older, newer, workload, load, metric, first, second, outcome }) => [
      ...[older, newer, workload, load, metric.title, WORDS[outcome]],
      ...[ratio(first), ratio(second)],
    ]),
  };
}

function chartsOf(record: TrackRecord, { points, steps }: TrackAnalysis, margin: number): Block[] {
  const versions = [...new Set([...record.versions, ...points.map(({ version }) => version)])];
  const wanted = points.filter(({ metric }) => PRIMARY.some((id) => id === metric.id));
  const groups = Map.groupBy(wanted, ({ workload, load, metric }) => `${workload}\n${load}\n${metric.id}`);
  return [...groups.values()].map((own): Block => {
    const [first] = own as [(typeof own)[number]];
    const ownSteps = steps.filter((step) => sameFigure(step, first));
    return { kind: 'chart', chart: versionSeries(record.name, versions, own, ownSteps, margin) };
  });
}

function factTable({ factChanges }: TrackAnalysis): Table {
  return {
    caption: 'Facts of the environment that differ between a run and the one before it',
    columns: ['before', 'from the run of', 'fact', 'was', 'is'].map((title) => ({ title, align: 'left' as const })),
    rows: factChanges.map(({ older, newer, fact, from, to }) => [older, newer, fact, from, to]),
  };
}

function runTable({ pairs }: TrackRecord): Table {
  return {
    caption: 'What was measured, in this order',
    columns: ['older', 'newer', 'why', 'run'].map((title) => ({ title, align: 'left' as const })),
    rows: pairs.map(({ older, newer, purpose, run }) => [older, newer, purpose, run]),
  };
}
