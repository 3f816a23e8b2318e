/** What a run finds on this machine: leases of other runs, plans that were stored. Whoever wrote them may have been killed, or be another. */
import { planExperiment, planFromFile } from '../../src/cli/planning.ts';
import { isAlive, readLease } from '../../src/clusters/lab/lease.ts';
import { mapBytesShown, perCpuSums, programShown, programsShown } from '../../src/model/bpftool.ts';
import { MeshtaxError } from '../../src/model/errors.ts';
import { trialsOf } from '../../src/plan/plan.ts';
import { fakeSystem, MemoryFiles } from '../fakes.ts';
import { planningApp } from '../planning.ts';
import { mutateText } from './mutate.ts';
import { must, orCoded, type Target } from './target.ts';

const STAT = '1 (a (strange) name) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0';

export const leases: Target<string> = {
  id: 'leases of runs',
  seeds: [
    '{"run":"abc234","pid":4711,"startTicks":"77","bpfStatsBefore":"0"}',
    '{"run":"abc234","pid":-1,"startTicks":"77"}',
    '{"run":"abc234","pid":0,"startTicks":"77"}',
  ],
  mutate: mutateText,
  try: async (text) => {
    const files = new MemoryFiles({ '/run/meshtax/abc234/lease.json': text, '/proc/4711/stat': STAT, '/proc/-1/stat': STAT });
    const system = fakeSystem({ files });
    const lease = await readLease(system, 'abc234');
    if (!lease) return;
    must(Number.isSafeInteger(lease.pid) && lease.pid > 0, `a signal would go to ${lease.pid}`);
    must(!(await isAlive(system, lease)) || (lease.pid === 4711 && lease.startTicks === '77'), 'another process is taken for the run');
  },
};

/** A program, a list of them, a list of maps, a map: what is asked of each is what it is asked as. */
export const bpftool: Target<string> = {
  id: 'output of bpftool',
  seeds: [
    '{"id":7,"type":"sched_cls","name":"from_netdev","run_time_ns":94002440,"run_cnt":40267,"bytes_memlock":8192,"map_ids":[5,6]}',
    '[{"id":7,"type":"sched_cls","run_time_ns":651,"run_cnt":1},{"id":8,"type":"sched_cls"}]',
    '[{"id":5,"type":"hash","name":"endpoints","bytes_key":4,"max_entries":1024,"bytes_memlock":99376}]',
    '[{"key":["0x00"],"formatted":{"key":0,"values":[{"cpu":0,"value":12635},{"cpu":1,"value":16877}]}}]',
    '{"error":"bpf obj get (/p): No such file or directory"}',
  ],
  mutate: mutateText,
  try: (text) => {
    for (const read of [(json: string) => [programShown(json)], programsShown, mapBytesShown, perCpuSums])
      orCoded(() => {
        const told = read(text);
        const entries = [JSON.parse(text) as unknown].flat();
        must(told.length === entries.length, `${told.length} of ${entries.length} entries`);
        for (const each of told.flatMap((one) => (typeof one === 'number' ? [one] : [one.runs, one.runTimeNs])))
          must(Number.isInteger(each) && each >= 0, `a count of ${each}`);
      });
  },
};

const SPEC = 'name: x\ndatapaths: [direct, ebpf-lab]\nworkloads: [http-echo]\nloads: [{ loop: open, rate: 100/s, duration: 1s }]\n';
const stored = JSON.stringify(planExperiment(planningApp(), SPEC, 'e.yaml', { seed: 'fuzz' }).file);

export const storedPlans: Target<string> = {
  id: 'stored plans',
  seeds: [stored],
  mutate: mutateText,
  try: async (text) => {
    try {
      const { plan } = await planFromFile(planningApp({ 'plan.json': text }), 'plan.json', {});
      must(trialsOf(plan.blocks).length > 0 && Number.isFinite(plan.estimateNs), 'a plan without an end');
    } catch (error) {
      must(error instanceof MeshtaxError, String(error));
    }
  },
};
