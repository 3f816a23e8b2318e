/** The lab without a run around it: opened, used, undone. */
import { expect } from 'vitest';
import { lab } from '../../src/clusters/lab/lab.ts';
import type { ClusterSession } from '../../src/model/contracts/cluster.ts';
import type { Deployment } from '../../src/model/contracts/deployment.ts';
import type { ServerSpec } from '../../src/model/contracts/workload.ts';
import { UndoStack } from '../../src/run/undo-stack.ts';
import { system } from '../../src/system/index.ts';
import { execa } from 'execa';

export async function inLab(directory: string, work: (session: ClusterSession, undo: UndoStack) => Promise<void>): Promise<void> {
  const undo = new UndoStack(system.clock);
  try {
    const options = { runId: `t${system.randomId(5)}`, logDirectory: `${directory}/logs`, allowConcurrent: false };
    await system.files.makeDirectory(options.logDirectory);
    await work(await lab.open(lab.schema.parse({ id: 'lab' }), system, options, undo.push), undo);
  } finally {
    expect(await undo.unwind(20_000)).toEqual([]);
  }
}

export const httpServer = (containerPort: number, workload = 'http-echo'): ServerSpec => ({
  workload,
  protocol: 'http',
  servicePort: 80,
  containerPort,
  requestBytes: 0,
  responseBytes: 10,
  delay: { kind: 'none' },
});

/** A TCP connection from the client pod to the server pod: exit code 0, or 124 after two seconds of silence. */
export async function dial(deployment: Deployment, port: number): Promise<number | undefined> {
  const [command = '', ...args] = deployment.links[0]?.enter ?? [];
  const script = `exec 3<>/dev/tcp/10.77.2.2/${port}`;
  return (await execa(command, [...args, 'timeout', '2', 'bash', '-c', script], { reject: false })).exitCode;
}

/** Packets that a node's programs dropped at egress because policy denied them. */
export async function deniedPackets(deployment: Deployment): Promise<number> {
  const pin = deployment.bpfPrograms.find((program) => program.name === 'node-a/from_container')?.pin ?? '';
  const { stdout } = await execa('bpftool', ['--json', 'map', 'dump', 'pinned', pin.replace('progs/from_container', 'maps/metrics')]);
  const entries = JSON.parse(stdout) as {
    formatted: { key: { reason: number; direction: number }; values: { value: { packets: number } }[] };
  }[];
  const denied = entries.find(({ formatted: { key } }) => key.reason === 133 && key.direction === 0);
  return denied?.formatted.values.reduce((sum, each) => sum + each.value.packets, 0) ?? 0;
}
