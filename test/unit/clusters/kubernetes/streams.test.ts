/** What flows between us and a cluster: requests in turn, several generators as one, the node agent's readings. */
import { describe, expect, test } from 'vitest';
import { FanOut } from '../../../../src/clusters/kubernetes/fan-out.ts';
import { networkSoftirqs } from '../../../../src/clusters/kubernetes/node-agents.ts';
import { findCgroups, parseBpfInfo, readCpuNs, sumBpf } from '../../../../src/clusters/kubernetes/node-agent/reading.ts';
import { Turnstile } from '../../../../src/clusters/kubernetes/turnstile.ts';
import type { ProcessGenerator } from '../../../../src/clusters/generator-session.ts';
import type { LoadResult } from '../../../../src/model/contracts/generator.ts';
import { encoded } from '../../../../src/model/histogram.ts';
import { ManualClock } from '../../../fakes.ts';

describe('the turnstile', () => {
  test('keeps the stated rate, and never lets more than so many in at once', async () => {
    const clock = new ManualClock();
    const turnstile = new Turnstile(clock, 10, 2);
    const [startNs, times]: [number, number[]] = [clock.nowNs, []];
    let [inside, most] = [0, 0];
    const request = async () => {
      most = Math.max(most, ++inside);
      times.push((clock.nowNs - startNs) / 1e6);
      await Promise.resolve();
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => turnstile.through(request)));
    expect(most).toBeLessThanOrEqual(2);
    expect(times.at(-1)).toBeGreaterThanOrEqual(400);
    expect(turnstile.passed).toBe(5);
  });
  test('a request that fails leaves its place', async () => {
    const turnstile = new Turnstile(new ManualClock(), 1000, 1);
    await expect(turnstile.through(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turnstile.through(async () => 'yes')).toBe('yes');
  });
});

const result = (latencies: readonly number[], change: Partial<LoadResult> = {}): LoadResult => ({
  arms: [
    {
      arm: 'a',
      sent: latencies.length,
      ok: latencies.length,
      errors: 0,
      errorKinds: {},
      response: encoded(latencies),
      responseError: encoded([]),
      wait: encoded([]),
      connectionsOpened: 1,
      backlogMax: latencies.length,
      backlogAtEnd: 0,
    },
  ],
  startNs: 1e9,
  endNs: 2e9,
  intendedRequests: latencies.length,
  achievedRatePerSecond: 100,
  lag: encoded([1000]),
  gapSampleNs: [],
  gapVariation: 1,
  cpuNs: 5,
  loopUtilisation: 0.1,
  ...change,
});

function member(offsetMs: number, answer: LoadResult, asked: object[]): ProcessGenerator {
  return {
    component: { role: 'generator', ended: () => undefined },
    clockOffset: async () => ({ offsetMs, errorMs: 0.5 }),
    connect: async ({ connections }: { connections: number }) => connections,
    load: async (command: object) => {
      asked.push(command);
      return answer;
    },
  } as unknown as ProcessGenerator;
}

describe('several generators as one', () => {
  const open: Parameters<FanOut['load']>[0] = {
    op: 'open-load',
    arms: ['a'],
    seed: 's',
    arrivals: 'poisson',
    pacing: 'sleep',
    ratePerSecond: 300,
    durationNs: 1e9,
    requests: 10,
  };

  test('each has its part, and they start at one instant by their own clocks', async () => {
    const asked: { requests?: number; ratePerSecond?: number; startAtWallMs?: number; seed?: string }[] = [];
    const told: string[] = [];
    const members = [
      { session: member(0, result([1e6]), asked), host: 'one' },
      { session: member(250, result([2e6]), asked), host: 'two' },
      { session: member(-40, result([3e6]), asked), host: 'one' },
    ];
    const fan = await FanOut.over(members, new ManualClock(), (words) => told.push(words));
    expect(
      await fan.connect({
        arm: 'a',
        engine: 'http1',
        dial: { host: 'h', port: 1 },
        connections: 8,
        requestBytes: 0,
        responseBytes: 0,
      }),
    ).toBe(8);
    await fan.load(open);
    expect(asked.map(({ requests, ratePerSecond }) => [requests, ratePerSecond])).toEqual([
      [4, 100],
      [3, 100],
      [3, 100],
    ]);
    const [first = 0, second = 0, third = 0] = asked.map(({ startAtWallMs }) => startAtWallMs);
    expect([second - first, third - first]).toEqual([250, -40]);
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3);
    expect(told[0]).toBe('0.0 +- 0.5 ms, 250.0 +- 0.5 ms, -40.0 +- 0.5 ms');
  });

  test('equal gaps are equal between all of them too', async () => {
    const asked: { startAtWallMs?: number }[] = [];
    const members = [0, 1, 2].map(() => ({ session: member(0, result([1e6]), asked), host: 'one' }));
    const fan = await FanOut.over(members, new ManualClock(), () => {});
    await fan.load({ ...open, arrivals: 'uniform' });
    const [first = 0, ...others] = asked.map(({ startAtWallMs }) => startAtWallMs ?? 0);
    expect(others.map((each) => Math.round((each - first) * 100) / 100)).toEqual([3.33, 6.67]);
  });

  test('their histograms are one', async () => {
    const slow = result([9e6, 9e6], { endNs: 3e9, loopUtilisation: 0.7 });
    const fan = await FanOut.over(
      [member(0, result([1e6, 2e6, 3e6]), []), member(0, slow, [])].map((session) => ({ session, host: 'h' })),
      new ManualClock(),
      () => {},
    );
    const merged = await fan.load(open);
    expect(merged.leadNs).toBe(4e8);
    expect(merged.arms).toHaveLength(1);
    expect(merged.arms[0]).toMatchObject({ sent: 5, ok: 5, connectionsOpened: 2, backlogMax: 3, response: { count: 5 } });
    expect(merged).toMatchObject({ achievedRatePerSecond: 200, intendedRequests: 5, endNs: 3e9, cpuNs: 10, loopUtilisation: 0.7 });
  });
});

describe('what the node agent reads', () => {
  const tree: Record<string, readonly string[]> = {
    '/h': ['cpu,cpuacct'],
    '/h/cpu,cpuacct': ['cpuacct.usage', 'kubepods'],
    '/h/cpu,cpuacct/kubepods': ['cpuacct.usage', 'burstable'],
    '/h/cpu,cpuacct/kubepods/burstable': ['podx'],
    '/h/cpu,cpuacct/kubepods/burstable/podx': ['c0ffee'],
    '/v2': ['cpu.stat', 'kubepods.slice', 'memory.max'],
    '/v2/kubepods.slice': ['crio-conmon-c0ffee.scope', 'cri-containerd-c0ffee.scope'],
  };
  const list = (path: string) => tree[path] ?? [];
  const files: Record<string, string> = {
    '/v2/kubepods.slice/crio-conmon-c0ffee.scope/cpu.stat': 'usage_usec 1\n',
    '/h/cpu,cpuacct/kubepods/burstable/podx/c0ffee/cpuacct.usage': '123456\n',
    '/v2/kubepods.slice/cri-containerd-c0ffee.scope/cpu.stat': 'usage_usec 77\nuser_usec 7\n',
  };
  test.each([
    ['cgroup v1', '/h', 123_456],
    ['cgroup v2 under systemd', '/v2', 77_000],
  ])('a container by its id, %s', (_title, root, ns) => {
    const found = findCgroups(root, ['c0ffee', 'missing'], list);
    expect(readCpuNs(found.get('c0ffee') ?? [], (path) => files[path])).toBe(ns);
    expect(readCpuNs(found.get('missing') ?? [], (path) => files[path])).toBeNull();
  });
  test('network softirqs of all CPUs', () => {
    expect(networkSoftirqs('          CPU0       CPU1\n      TIMER:  9  9\n     NET_TX:  1  2\n     NET_RX:  30  40\n')).toBe(73);
  });
  test('eBPF programs and maps: each once, whoever holds it', () => {
    const program = 'prog_type:\t3\nprog_id:\t7\nrun_time_ns:\t500\nrun_cnt:\t5\n';
    expect(parseBpfInfo([program, program, 'map_type:\t1\nmemlock:\t4096\nmap_id:\t9\n'])).toEqual({
      source: 'fdinfo',
      programs: 1,
      runTimeNs: 500,
      runs: 5,
      maps: 1,
      mapBytes: 4096,
    });
    expect(sumBpf('[{"id": 7, "run_time_ns": 3, "run_cnt": 1}, {"id": 8}]', '[{"id": 9, "bytes_memlock": 10}]')).toEqual({
      source: 'bpftool',
      programs: 2,
      runTimeNs: 3,
      runs: 1,
      maps: 1,
      mapBytes: 10,
    });
  });
});
