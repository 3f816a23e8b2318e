/**
 * The node agent: in a privileged pod with the host's /proc and cgroups, it reads what only the node knows, when asked.
 * One JSON document a line: a Question on stdin, its answer or `{"problem"}` on stdout. Ends with its stdin.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { findCgroups, parseBpfInfo, readCpuNs, sumBpf, type BpfReading, type NodeReading, type Question } from './reading.ts';
import { watchWire, type Watch } from './wire.ts';

const PROC = '/host/proc';
const CGROUP = '/host/cgroup';

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

const lines = createInterface({ input: process.stdin });
let watch: Watch | undefined;
let queue: Promise<void> = Promise.resolve();
lines.on('line', (line) => {
  queue = queue
    .then(() => answer(JSON.parse(line) as Question))
    .catch((error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }))
    .then((answered) => void process.stdout.write(`${JSON.stringify(answered)}\n`));
});
lines.on('close', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

async function answer(question: Question): Promise<object> {
  switch (question.op) {
    case 'moment':
      return reading(question);
    case 'watch':
      watch = await watchWire(question.ends, PROC);
      return {};
    case 'watched': {
      const ending = watch;
      watch = undefined;
      if (!ending) throw new Error('nothing is watched');
      return ending.end();
    }
  }
}

function reading({ containers, edge, trusted }: Extract<Question, { op: 'moment' }>): NodeReading {
  const places = findCgroups(CGROUP, containers, list);
  if (edge === 'first') {
    const bpf = readBpf(trusted);
    return { ...light(containers, places), bpf };
  }
  const now = light(containers, places);
  return { ...now, bpf: readBpf(trusted) };
}

function light(containers: readonly string[], places: ReturnType<typeof findCgroups>): Omit<NodeReading, 'bpf'> {
  return {
    procStat: (read(`${PROC}/stat`) ?? '').split('\n', 1)[0] ?? '',
    softirqs: read(`${PROC}/softirqs`) ?? '',
    countsBpf: (read(`${PROC}/sys/kernel/bpf_stats_enabled`) ?? '').trim() === '1',
    containersNs: Object.fromEntries(containers.map((id) => [id, readCpuNs(places.get(id) ?? [], read)])),
  };
}

/** Cilium's agent brings bpftool; without it, what processes hold open. */
function readBpf(trusted: readonly string[]): BpfReading | null {
  const agent = list(PROC).find((pid) => /^\d+$/.test(pid) && read(`${PROC}/${pid}/comm`)?.trim() === 'cilium-agent' && isIn(pid, trusted));
  const tool = (args: readonly string[]) =>
    agent === undefined
      ? undefined
      : spawnSync('nsenter', [`--mount=${PROC}/${agent}/ns/mnt`, 'bpftool', '--json', ...args], { encoding: 'utf8', timeout: 5000 });
  const [programs, maps] = [tool(['prog', 'show']), tool(['map', 'show'])];
  try {
    if (programs?.status === 0 && maps?.status === 0) return sumBpf(programs.stdout, maps.stdout);
  } catch {
    // a container's tool may print anything: then as if there were none
  }
  const held = parseBpfInfo(fdInfos());
  return held.programs === 0 ? null : held;
}

/** Its cgroup carries the id of one of these containers. */
function isIn(pid: string, containers: readonly string[]): boolean {
  const cgroup = read(`${PROC}/${pid}/cgroup`) ?? '';
  return containers.some((id) => cgroup.includes(id));
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
