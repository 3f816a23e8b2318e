import { expect, test } from 'vitest';
import { metricsServer } from '../../../src/cli/metrics-server.ts';
import { fakeSystem } from '../../fakes.ts';
import { runOf, trialOf } from '../../records.ts';

test('a window that is set aside and measured again counts once, also while the run goes on', async () => {
  let ask: (path: string) => Promise<{ text: string } | undefined> = async () => undefined;
  const system = fakeSystem();
  const serving = {
    ...system,
    http: { ...system.http, serve: async (_port: number, answer: typeof ask) => ((ask = answer), async () => {}) },
  };
  const trial = trialOf({ block: 0, arm: 'direct', latenciesNs: [1e5, 2e5] });
  const { run } = runOf([trial]);
  const server = await metricsServer(serving, 9100, run, [], 4);
  const requests = async () => Number(/^meshtax_requests_total\{.*\} (\d+)$/m.exec((await ask('/metrics'))?.text ?? '')?.[1]);
  server.noted(trial, run);
  expect(await requests()).toBe(2);
  server.noted({ ...trial, id: `${trial.id}-again1`, superseded: true }, run, trial.id);
  server.noted(trial, run);
  expect(await requests()).toBe(2);
});
