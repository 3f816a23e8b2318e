import { expect, test } from 'vitest';
import type { Collector } from '../../../src/model/contracts/collector.ts';
import { measure } from '../../../src/run/measurement.ts';
import { fakeSystem } from '../../fakes.ts';

type Measurement = Parameters<typeof measure>[1];

/** Arms whose load and counters do as they are told. */
function armsOf(load: () => Promise<unknown>, names = ['a']): Measurement {
  const arms = names.map((arm) => {
    const channel = {
      name: `${arm}/w/l`,
      connections: 1,
      comparison: { generator: { id: 'g' }, load: {} },
      deployment: { arm, components: [], expectations: [], pathCounters: async () => ({}) },
      generator: { component: { role: 'generator', ended: () => undefined }, load },
    };
    const planned = {
      id: `000-00-${arm}`,
      arm,
      workload: 'w',
      load: 'l',
      kind: 'latency',
      share: null,
      block: 0,
      deployment: 0,
      position: 0,
    };
    return { planned, channel };
  });
  const spec = { loop: 'open', ratePerSecond: 100, warmupNs: 0, durationNs: 1e9, connections: 1, arrivals: 'poisson', pacing: 'sleep' };
  return { arms, design: 'block', load: spec, attempt: 0 } as unknown as Measurement;
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
      armsOf(async () => ({})),
    ),
  ).rejects.toThrow('second does not open');
  expect(log).toEqual(['open first', 'abandon first']);
});

test('when the load fails or is interrupted, all are left', async () => {
  const log: string[] = [];
  const broken = armsOf(() => Promise.reject(new Error('no generator')));
  await expect(measure(context([collector('one', log)]), broken)).rejects.toThrow('no generator');
  const stop = new AbortController();
  const endless = armsOf(() => {
    stop.abort();
    return new Promise(() => {});
  });
  await expect(measure(context([collector('two', log)], stop.signal), endless)).rejects.toThrow('interrupted');
  expect(log).toEqual(['open one', 'abandon one', 'open two', 'abandon two']);
});

test('when one does not close, the others are closed all the same', async () => {
  const log: string[] = [];
  const instruments = [collector('first', log), collector('second', log, 'close')];
  const loaded = armsOf(async () => ({ arms: [{ arm: 'a/w/l', sent: 1, ok: 1 }], startNs: 0, endNs: 1 }));
  const { records, failure } = await measure(context(instruments), loaded);
  expect(failure?.message).toContain('second does not close');
  expect(records.map(({ valid }) => valid)).toEqual([false]);
  expect(log).toEqual(['open first', 'open second', 'close second', 'close first']);
});

/** A window of a second on four CPUs, of which others used what the two readings say. */
async function withStrangers(before: Record<string, number>, after: Record<string, number>) {
  const readings = [before, after].map((each) => new Map(Object.entries(each)));
  const host = { strangers: { cpuNsByGroup: async () => readings.shift() ?? new Map<string, number>() } };
  const loaded = armsOf(async () => ({ arms: [{ arm: 'a/w/l', sent: 1, ok: 1 }], startNs: 0, endNs: 1e9 }));
  return (await measure({ ...context([]), host }, loaded)).records[0]?.strangerCpus;
}

test('CPU time of strangers: a group that is new used all of it meanwhile; of one that is gone nobody knows', async () => {
  expect(await withStrangers({ system: 1e9, user: 5e9 }, { system: 1.2e9, user: 5e9 })).toBeCloseTo(0.2);
  expect(await withStrangers({ system: 1e9 }, { system: 1e9, hog: 9e8 })).toBeCloseTo(0.9);
  expect(await withStrangers({ system: 1e9, hog: 9e9 }, { system: 1e9 })).toBeNull();
});

test('polling on CPUs of its own is no use of the datapaths’ CPUs; without such CPUs there is no polling', async () => {
  const machine: Collector = {
    ...collector('machine-cpu', []),
    open: async () => ({
      abandon: () => {},
      close: async () => [{ collector: 'machine-cpu', metric: 'cpu', component: 'machine', unit: 'ns', kind: 'counter', value: 1.4e9 }],
    }),
  };
  const pacings: string[] = [];
  const load = (async ({ pacing }: { pacing: string }) => {
    pacings.push(pacing);
    return { arms: ['a/w/l', 'b/w/l'].map((arm) => ({ arm, sent: 1, ok: 1 })), startNs: 0, endNs: 1e9, cpuNs: 1e9 };
  }) as unknown as () => Promise<unknown>;
  const shareWith = async (sharesCpus: boolean) => {
    const both = armsOf(load, ['a', 'b']);
    const auto = { ...both, design: 'duet', load: { ...both.load, pacing: 'auto' } } as Measurement;
    const four = { ...context([machine]), system: fakeSystem({ cpuCount: 4 }), host: { sharesCpus } };
    return (await measure(four, auto)).records[0]?.sharedUtilisation;
  };
  expect(await shareWith(false)).toBeCloseTo(0.1);
  expect(await shareWith(true)).toBeCloseTo(0.35);
  expect(pacings).toEqual(['spin', 'sleep']);
});

test('of a duet in which one arm can send hardly any, the other has what it was meant to have', async () => {
  const load = armsOf(
    async () => ({
      arms: [
        { arm: 'a/w/l', sent: 300, ok: 300 },
        { arm: 'b/w/l', sent: 10, ok: 10 },
      ],
      startNs: 0,
      endNs: 1e9,
      intendedRequests: 600,
      achievedRatePerSecond: 310,
    }),
    ['a', 'b'],
  );
  const { records } = await measure(context([]), { ...load, design: 'duet' });
  expect(records.map(({ result }) => [result.intendedRequests, Math.round(result.achievedRatePerSecond)])).toEqual([
    [300, 300],
    [300, 10],
  ]);
});
