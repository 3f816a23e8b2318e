/** Sentences that must be true of the run they are about. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import type { TrialRecord } from '../../../src/model/records.ts';
import { buildReport } from '../../../src/report/build.ts';
import { renderMarkdown } from '../../../src/report/render/markdown.ts';
import { runOf, trialOf } from '../../records.ts';

const latenciesNs = Array.from({ length: 2000 }, (_, at) => 1e6 + at);
const blocks = (change: (trial: TrialRecord) => TrialRecord = (trial) => trial) =>
  [0, 1, 2].flatMap((block) => ['direct', 'envoy'].map((arm) => change(trialOf({ block, arm, latenciesNs }))));
const said = (trials: readonly TrialRecord[]) => {
  const run = runOf(trials);
  return renderMarkdown(buildReport(run, analyse(run)));
};

describe('what was sent', () => {
  test('one load needs no name in a verdict, several do; and nobody says there was only one', () => {
    const one = blocks();
    expect(said(one)).toContain('envoy against direct, http-echo: ');
    expect(said(one)).toContain('One workload under one load');
    const two = said([...one, ...blocks((trial) => ({ ...trial, id: `${trial.id}-2000`, load: 'open-2000' }))]);
    expect(two).toContain('envoy against direct, http-echo, open-500: ');
    expect(two).toContain('envoy against direct, http-echo, open-2000: ');
    expect(two).toContain('One workload under 2 loads');
  });
});

describe('where the machine’s CPU comes from', () => {
  const ladder = (measures: readonly { readonly collector: string; readonly component: string; readonly metric: string }[]) => [
    ...blocks(),
    ...[100, 200, 400].flatMap((rate, at) =>
      blocks((trial) => ({
        ...trial,
        id: `${trial.id}-l${at}`,
        kind: 'cpu' as const,
        share: rate / 400,
        result: { ...trial.result, endNs: 2000e9 / rate },
        instrumentsNs: 2000e9 / rate,
        measures: measures.map((each) => ({ ...each, unit: 'ns', kind: 'counter' as const, value: 1e9 + 2000e9 / rate / 10 })),
      })),
    ),
  ];
  const stat = { collector: 'machine-cpu', component: 'machine', metric: 'cpu' };
  test('without a soaker no table and no sentence speaks of one', () => {
    const text = said(ladder([stat]));
    expect(text).toContain('machine at rest');
    expect(text).not.toMatch(/soaker|idle-priority/);
  });
  test('with one, the counter stands beside it', () => {
    const text = said(ladder([stat, { collector: 'idle-soaker', component: 'machine-soaked', metric: 'cpu' }]));
    expect(text).toMatch(/machine \(soaker\).*machine \(\/proc\/stat\)/);
  });
});
