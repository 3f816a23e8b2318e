/** Flows of the real datapath, as the collector and the hubble CLI see them. */
import { accessSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { hubble } from '../../src/collectors/hubble.ts';
import { ebpfLab } from '../../src/datapaths/ebpf-lab.ts';
import { envoySidecar } from '../../src/datapaths/envoy-sidecar.ts';
import type { GeneratorSession } from '../../src/model/contracts/cluster.ts';
import type { Reading } from '../../src/model/contracts/collector.ts';
import type { Deployment } from '../../src/model/contracts/deployment.ts';
import { decode } from '../../src/model/histogram.ts';
import { system } from '../../src/system/index.ts';
import { deniedPackets, dial, httpServer, inLab } from './in-lab.ts';
import { cleanSpace } from './clean-space.ts';

const space = cleanSpace();

const SERVER = httpServer(8080);

async function observed(deployment: Deployment, during: () => Promise<unknown>) {
  const recording = await hubble.open({ deployment, generator: undefined, system, host: {} });
  await during();
  const readings = await recording.close();
  const find = (metric: string): Reading | undefined => readings.find((reading) => reading.metric === metric);
  return {
    find,
    value: (metric: string) => {
      const reading = find(metric);
      return reading && 'value' in reading ? reading.value : JSON.stringify(reading);
    },
  };
}

async function load(generator: GeneratorSession, requests: number): Promise<void> {
  await generator.load({
    op: 'open-load',
    arms: ['arm'],
    seed: 'x',
    arrivals: 'uniform',
    pacing: 'sleep',
    ratePerSecond: 400,
    durationNs: (requests / 400) * 1e9,
    requests,
  });
}

test('connections begun, translated and denied are counted exactly once each', async () => {
  await inLab(space.directory, async (session, undo) => {
    const deployment = await session.deploy(ebpfLab, ebpfLab.schema.parse({ id: 'ebpf-lab' }), [SERVER], undo.push);
    const generator = await session.startGenerator(undefined, undo.push);
    const { value } = await observed(deployment, async () => {
      await generator.connect({ ...deployment.target(SERVER, 'http1', 5), arm: 'arm' });
      await load(generator, 50);
      await Promise.all([dial(deployment, 9999), dial(deployment, 9998), dial(deployment, 8080)]);
    });
    expect(value('flowsLost')).toBe(0);
    expect(value('flowsMissing')).toBe(0);
    expect(value('flowConnections')).toBe(6); // five of the generator's and the allowed one
    expect(value('flowTranslations')).toBe(5); // that one went to the pod's own address
    expect(value('flowDenied')).toBe(await deniedPackets(deployment));
    expect(value('flowDenied')).toBeGreaterThanOrEqual(2);
    expect(value('flowDrops')).toBe(0);
  });
});

test('an observer that cannot keep up says how much it lost', async () => {
  await inLab(space.directory, async (session, undo) => {
    const selected = ebpfLab.schema.parse({ id: 'ebpf-lab', aggregation: 'none' });
    const deployment = await session.deploy(ebpfLab, selected, [SERVER], undo.push);
    const generator = await session.startGenerator(undefined, undo.push);
    await generator.connect({ ...deployment.target(SERVER, 'http1', 4), arm: 'arm' });
    const observer = await pidOf('observer/main.ts');
    const { value } = await observed(deployment, async () => {
      process.kill(observer, 'SIGSTOP');
      await load(generator, 4000);
      process.kill(observer, 'SIGCONT');
    });
    expect(value('flowsLost')).toBeGreaterThan(100);
    expect(value('flowEvents')).toBeGreaterThan(100);
  });
});

test('Envoys tell every request, with the latency they saw', async () => {
  await inLab(space.directory, async (session, undo) => {
    const selected = envoySidecar.schema.parse({ id: 'envoy-sidecar', observability: 'l7' });
    const deployment = await session.deploy(envoySidecar, selected, [SERVER], undo.push);
    const generator = await session.startGenerator(undefined, undo.push);
    await generator.connect({ ...deployment.target(SERVER, 'http1', 4), arm: 'arm' });
    const { value, find } = await observed(deployment, async () => {
      await load(generator, 200);
      await new Promise((resolve) => setTimeout(resolve, 300)); // the Envoys send what they logged ten times a second
    });
    expect(value('flowHttpResponses')).toBe(200);
    const latency = find('flowHttpLatency');
    const histogram = latency && 'histogram' in latency ? decode(latency.histogram) : undefined;
    expect(histogram?.totalCount).toBe(200);
    expect(histogram?.minNonZeroValue).toBeGreaterThan(10_000);
  });
});

describe('the real hubble CLI', () => {
  const program = ['/usr/local/bin/hubble', '/usr/bin/hubble', `${system.env['HOME']}/.cache/k8slab/bin/hubble`, system.env['HUBBLE'] ?? '']
    .filter((path) => path !== '')
    .find(exists);

  test.skipIf(program === undefined)('reads the lab as it reads a cluster', async () => {
    await inLab(space.directory, async (session, undo) => {
      const deployment = await session.deploy(ebpfLab, ebpfLab.schema.parse({ id: 'ebpf-lab' }), [SERVER], undo.push);
      const ask = async (...args: string[]) => {
        const command = ['--server', deployment.hubble?.address ?? '', ...args];
        const { stdout, stderr, exitCode } = await execa(program ?? '', command, { reject: false, env: { HOME: space.directory } });
        expect(exitCode, stderr).toBe(0);
        return stdout;
      };
      await Promise.all([dial(deployment, 9999), dial(deployment, 8080)]);
      expect(await ask('status')).toMatch(/Healthcheck \(via .*\): Ok[^]*Current\/Max Flows: \d+\/4,?095/);
      const dropped = await ask('observe', '--verdict', 'DROPPED');
      expect(dropped).toMatch(/ebpf-lab\/client:\d+ .*ebpf-lab\/server:9999 .*Policy denied DROPPED \(TCP Flags: SYN\)/i);
      expect(dropped).not.toContain(':8080');
      const toPod = (await ask('observe', '--to-pod', 'ebpf-lab/server', '-o', 'json')).trim().split('\n');
      for (const line of toPod)
        expect((JSON.parse(line) as { flow: { destination: object } }).flow.destination).toMatchObject({ pod_name: 'server' });
      expect(toPod.length).toBeGreaterThan(2);
    });
  });
});

async function pidOf(argument: string): Promise<number> {
  const { stdout } = await execa('pgrep', ['-f', argument]);
  return Number(stdout.split('\n')[0]);
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
