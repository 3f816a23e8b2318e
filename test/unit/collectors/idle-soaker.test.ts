import { expect, test } from 'vitest';
import { idleSoaker } from '../../../src/collectors/idle-soaker.ts';
import type { IdleSoaker } from '../../../src/model/contracts/cluster.ts';
import type { Deployment } from '../../../src/model/contracts/deployment.ts';
import { fakeSystem, figuresOf } from '../../fakes.ts';

test('adds up what all CPUs lost, and keeps the hypervisor and its own time apart', async () => {
  const said: string[] = [];
  const soaker: IdleSoaker = {
    start: async () => void said.push('start'),
    async stop() {
      said.push('stop');
      return [
        { cpu: 0, wallNs: 100, takenNs: 30, ownNs: 60, stolenNs: 10 },
        { cpu: 1, wallNs: 100, takenNs: 5, ownNs: 95, stolenNs: 0 },
      ];
    },
  };
  const recording = await idleSoaker.open({ deployment: {} as Deployment, generator: undefined, system: fakeSystem(), host: { soaker } });
  const measures = figuresOf(await recording.close());
  expect(said).toEqual(['start', 'stop']);
  expect(measures.map(({ metric, value }) => [metric, value])).toEqual([
    ['cpu', 35],
    ['stolen', 10],
    ['soakerOwn', 155],
  ]);
  expect(idleSoaker.absent({} as Deployment, {})).toBeDefined();
});
