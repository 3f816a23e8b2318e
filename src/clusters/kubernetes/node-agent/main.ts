/**
 * The node agent: in a privileged pod with the host's /proc and cgroups, it reads what only the node knows, when asked.
 * One JSON document a line: `{"containers": [id...]}` on stdin, a NodeReading on stdout. Ends with its stdin.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { NodeReading } from './reading.ts';
import { findCgroups, parseBpfInfo, readCpuNs } from './reading.ts';

const PROC = '/host/proc';
const CGROUP = '/host/cgroup';
const BPF_STATS = `${PROC}/sys/kernel/bpf_stats_enabled`;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};
const list = (path: string): readonly string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

const statsBefore = read(BPF_STATS)?.trim();
if (statsBefore === '0') writeFileSync(BPF_STATS, '1');
process.on('exit', () => statsBefore === '0' && writeFileSync(BPF_STATS, '0'));
process.on('SIGTERM', () => process.exit(0));

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => process.stdout.write(`${JSON.stringify(reading(JSON.parse(line) as { containers: string[] }))}\n`));
lines.on('close', () => process.exit(0));

function reading({ containers }: { containers: readonly string[] }): NodeReading {
  const places = findCgroups(CGROUP, containers, list);
  const bpf = parseBpfInfo(fdInfos());
  return {
    procStat: (read(`${PROC}/stat`) ?? '').split('\n', 1)[0] ?? '',
    softirqs: read(`${PROC}/softirqs`) ?? '',
    containersNs: Object.fromEntries(containers.map((id) => [id, readCpuNs(places.get(id) ?? [], read)])),
    bpf,
  };
}

/** Of every program and map that some process holds; those that only a pin holds are not seen here. */
function* fdInfos(): Generator<string> {
  for (const pid of list(PROC).filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`${PROC}/${pid}/fdinfo`)) {
      const text = read(`${PROC}/${pid}/fdinfo/${fd}`);
      if (text !== undefined && /^(prog_id|map_id):/m.test(text)) yield text;
    }
  }
}
