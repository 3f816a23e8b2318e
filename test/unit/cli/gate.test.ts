/** `meshtax gate` on stored runs: what may pass at all. */
import { expect, test } from 'vitest';
import { gateCommand } from '../../../src/cli/gate.ts';
import type { RunRecord, TrialRecord } from '../../../src/model/records.ts';
import { fakeApp } from '../../fake-app.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';
import { runOf, trialOf } from '../../records.ts';

const NONE = { clusters: [], datapaths: [], workloads: [], generators: [], collectors: [], checks: [] };
const BLOCKS = [0, 1, 2, 3, 4, 5, 6, 7];
const equal = BLOCKS.flatMap((block) =>
  ['direct', 'envoy'].map((arm) => trialOf({ block, arm, latenciesNs: Array.from({ length: 2000 }, (_, i) => 1e6 + i + block) })),
);

async function gate(trials: readonly TrialRecord[], change: Partial<RunRecord> = {}) {
  const { run } = runOf(equal, change);
  const files = new MemoryFiles({ 'results/x/r/run.json': JSON.stringify(run) });
  for (const trial of trials) files.content.set(`results/x/r/trials/${trial.id}/trial.json`, JSON.stringify(trial));
  let [out, err] = ['', ''];
  const app = fakeApp(fakeSystem({ files }), NONE, { out: (text) => void (out += text), err: (text) => void (err += text) });
  const exit = await gateCommand(app, 'latest', { results: 'results', failIf: ['p50 > +5%'], onUnresolved: 'warn' });
  return { exit, out, err };
}

test('a change that costs nothing passes', async () => {
  expect(await gate(equal)).toMatchObject({ exit: 0, err: 'the gate passes\n' });
});

test.each([
  ['failed', 'MT3006 the proxy died'],
  ['interrupted', null],
  ['running', null],
] as const)('a run that is %s passes nothing, however good what it measured looks', async (status, failure) => {
  const { exit, out } = await gate(equal, { status, failure, sealed: false });
  expect(exit).toBe(5);
  expect(out).toContain(`the run is ${status}${failure === null ? '' : ` (${failure})`}`);
});

test('what is left out is told', async () => {
  const { exit, err } = await gate(equal.map((trial) => (trial.block > 5 ? { ...trial, valid: false } : trial)));
  expect(exit).toBe(0);
  expect(err).toBe('the gate passes; 4 of 16 trials are invalid and were left out\n');
});

test('a run without a trial is no run that passes', async () => {
  await expect(gate([], { status: 'failed', failure: 'MT3001' })).rejects.toMatchObject({ code: 'MT4010' });
});
