import { expect, test } from 'vitest';
import { BPF_STATS, inTurn, stopCountingBpf } from '../../../src/clusters/lab/lease.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

const stat = (ticks: number) => `1 (a) S ${Array.from({ length: 30 }, (_, i) => (i === 18 ? ticks : i)).join(' ')}`;
const lease = (run: string, pid: number) => ({ run, pid, startTicks: '77', bpfStatsBefore: '0' });

test('of two runs that end together the last gives the machine its setting back, though both are still there', async () => {
  const files = new MemoryFiles({ [BPF_STATS]: '1', '/proc/10/stat': stat(77), '/proc/20/stat': stat(77) });
  const system = fakeSystem({ files });
  for (const each of [lease('first', 10), lease('second', 20)])
    await files.writeText(`/run/meshtax/${each.run}/lease.json`, JSON.stringify(each));
  await inTurn(system, () => stopCountingBpf(system, lease('first', 10)));
  expect(files.content.get(BPF_STATS)).toBe('1');
  await inTurn(system, () => stopCountingBpf(system, lease('second', 20)));
  expect(files.content.get(BPF_STATS)).toBe('0');
});
