import { expect, test } from 'vitest';
import type { Collector } from '../../../src/model/contracts/collector.ts';
import { measure } from '../../../src/run/measurement.ts';
import { fakeSystem } from '../../fakes.ts';

type Measurement = Parameters<typeof measure>[1];

/** One arm whose load and counters do as they are told. */
function armOf(load: () => Promise<unknown>): Measurement {
  const channel = {
    name: 'a/w/l',
    connections: 1,
    comparison: { generator: { id: 'g' }, load: {} },
    deployment: { arm: 'a', components: [], expectations: [], pathCounters: async () => ({}) },
    generator: { component: { role: 'generator', ended: () => undefined }, load },
  };
  const planned = {
    id: '000-00-a',
    arm: 'a',
    workload: 'w',
    load: 'l',
    kind: 'latency',
    share: null,
    block: 0,
    deployment: 0,
    position: 0,
  };
  const spec = { loop: 'open', ratePerSecond: 100, warmupNs: 0, durationNs: 1e9, connections: 1, arrivals: 'poisson', pacing: 'sleep' };
  return { arms: [{ planned, channel }], design: 'block', load: spec, attempt: 0 } as unknown as Measurement;
}

function collector(id: string, log: string[], fails: 'open' | 'close' | 'never' = 'never'): Collector {
  return {
    id,
    title: id,
    includes: '',
    leavesOut: '',
    weight: 'heavy',
    sees: 'arm',
    during: 'both',
    absent: () => undefined,
    async open() {
      if (fails === 'open') throw new Error(`${id} does not open`);
      log.push(`open ${id}`);
      return {
        abandon: () => void log.push(`abandon ${id}`),
        async close() {
          log.push(`close ${id}`);
          if (fails === 'close') throw new Error(`${id} does not close`);
          return [];
        },
      };
    },
  };
}

const context = (collectors: readonly Collector[], signal = new AbortController().signal) => ({
  system: fakeSystem(),
  host: {},
  collectors,
  validityChecks: [],
  seed: 's',
  signal,
});

// An instrument that stays open (a gRPC stream, a poller) keeps the whole process alive after a run has failed.
test('when one instrument does not open, those that did are left', async () => {
  const log: string[] = [];
  const instruments = [collector('first', log), collector('second', log, 'open')];
  await expect(
    measure(
      context(instruments),
      armOf(async () => ({})),
    ),
  ).rejects.toThrow('second does not open');
  expect(log).toEqual(['open first', 'abandon first']);
});

test('when the load fails or is interrupted, all are left', async () => {
  const log: string[] = [];
  const broken = armOf(() => Promise.reject(new Error('no generator')));
  await expect(measure(context([collector('one', log)]), broken)).rejects.toThrow('no generator');
  const stop = new AbortController();
  const endless = armOf(() => {
    stop.abort();
    return new Promise(() => {});
  });
  await expect(measure(context([collector('two', log)], stop.signal), endless)).rejects.toThrow('interrupted');
  expect(log).toEqual(['open one', 'abandon one', 'open two', 'abandon two']);
});

test('when one does not close, the others are closed all the same', async () => {
  const log: string[] = [];
  const instruments = [collector('first', log), collector('second', log, 'close')];
  const loaded = armOf(async () => ({ arms: [{ arm: 'a/w/l', sent: 1, ok: 1 }], startNs: 0, endNs: 1 }));
  const { records, failure } = await measure(context(instruments), loaded);
  expect(failure?.message).toContain('second does not close');
  expect(records.map(({ valid }) => valid)).toEqual([false]);
  expect(log).toEqual(['open first', 'open second', 'close second', 'close first']);
});
