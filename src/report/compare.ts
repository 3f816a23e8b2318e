/** Several runs of one experiment beside each other: what each datapath charges over its own baseline, and what else differs. */
import { compareRuns, type AnalysedRun, type RunFigure } from '../analysis/compare-runs.ts';
import type { Table } from '../charts/chart.ts';
import { formatRatioInterval } from '../model/format.ts';
import type { Block, ReportDocument } from './document.ts';

export function compareDocument(runs: readonly AnalysedRun[]): ReportDocument {
  const [first] = runs as [AnalysedRun];
  const { margin, confidence } = first.analysis;
  const figures = compareRuns(runs, margin, confidence);
  const facts = factTable(runs);
  return {
    title: `${first.run.experiment}: ${runs.length} runs beside each other`,
    subtitle: runs.map(({ run }) => run.id).join(', '),
    verdicts: verdictsOf(figures, runs, margin),
    blocks: [
      {
        kind: 'paragraph',
        text: `Each figure is how many times its own baseline a datapath needs, with its interval; runs are compared by these ratios, never by absolute figures. "differs" stands among all figures of the comparison (Holm), "equivalent" means within ±${(margin * 100).toFixed(0)} %.`,
      },
      { kind: 'table', table: figureTable(figures, runs) },
      { kind: 'heading', level: 2, text: 'What else differs' },
      facts.rows.length === 0
        ? { kind: 'paragraph', text: 'No recorded fact of the environment differs.' }
        : ({ kind: 'table', table: facts } satisfies Block),
    ],
  };
}

function verdictsOf(figures: readonly RunFigure[], runs: readonly AnalysedRun[], margin: number): string[] {
  const all = figures.flatMap((figure) =>
    figure.changes.flatMap((change, at) => (change ? [{ figure, change, run: runs[at]?.run.id ?? '' }] : [])),
  );
  const differing = all.filter(({ change }) => change.outcome === 'differs');
  const count = (outcome: string) => all.filter(({ change }) => change.outcome === outcome).length;
  const absent = figures.flatMap(({ changes }) => changes.slice(1)).filter((change) => change === undefined).length;
  const summary = `Of ${all.length} figures ${count('equivalent')} are equivalent within ±${(margin * 100).toFixed(0)} %, ${differing.length} differ, ${count('unresolved')} are unresolved${absent === 0 ? '' : `; ${absent} more could not be compared, being not measured on both sides`}.`;
  return [
    ...runs.flatMap(({ run: { id, status } }) => (status === 'complete' ? [] : [`${id} is ${status}: it has not come to its end.`])),
    ...differing.map(
      ({ figure, change, run }) =>
        `${run}: ${figure.metric.title} of ${figure.arm}, ${figure.workload}, ${figure.load}, is ${formatRatioInterval(change.times)} of what the first run says.`,
    ),
    summary,
  ];
}

function figureTable(figures: readonly RunFigure[], runs: readonly AnalysedRun[]): Table {
  const [, ...others] = runs;
  return {
    caption: 'Times the baseline, by run; then each run over the first',
    columns: [
      ...['workload', 'load', 'datapath', 'figure'].map((title) => ({ title, align: 'left' as const })),
      ...runs.map(({ run }) => ({ title: run.id, align: 'right' as const })),
      ...others.map(({ run }) => ({ title: `${run.id} / first`, align: 'left' as const })),
    ],
    rows: figures.map(({ workload, load, arm, metric, ratios, changes }) => [
      ...[workload, load, arm, metric.title],
      ...ratios.map((ratio) => (ratio ? formatRatioInterval(ratio) : 'no ratio')),
      ...changes.slice(1).map((change) => (change ? `${change.outcome}, ${formatRatioInterval(change.times)}` : '')),
    ]),
  };
}

function factTable(runs: readonly AnalysedRun[]): Table {
  const facts = [...new Set(runs.flatMap(({ run }) => Object.keys(run.facts)))];
  const value = (run: AnalysedRun['run'], fact: string) => String(run.facts[fact] ?? '');
  const rows = [
    ['started', ...runs.map(({ run }) => run.startedAt)],
    ['cluster', ...runs.map(({ run }) => run.cluster)],
    ['meshtax', ...runs.map(({ run }) => run.tool.version)],
    ...facts.map((fact) => [fact, ...runs.map(({ run }) => value(run, fact))]),
  ];
  return {
    caption: 'Facts that are not the same',
    columns: [{ title: 'fact', align: 'left' }, ...runs.map(({ run }) => ({ title: run.id, align: 'left' as const }))],
    rows: rows.filter(([, ...values]) => new Set(values).size > 1),
  };
}
