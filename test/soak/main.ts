/**
 * `npm run soak -- --minutes 120 --out docs/reliability/soak.json`: a long adaptive run in the lab. Do meshtax, its generator and its
 * servers grow? Memory and descriptors of every process of the run, every ten seconds. Needs root.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { holding, mendWhenInterrupted } from '../campaign/held.ts';
import { descendantsOf } from '../campaign/processes.ts';
import { isBad, stamp } from '../campaign/record.ts';
import { endWithin, killWhole, watchRun, within, type WatchedRun } from '../campaign/watched-run.ts';
import { lostTrials } from '../campaign/trials.ts';
import { inventory, leftSince, meshtax, workspace } from '../e2e/machine.ts';
import { meansOf, newHeightMiB, SAMPLE_MS, slopeOf, type Sample } from './growth.ts';
import { wrongOf, type Growth, type SoakRecord } from './record.ts';

/** What it may take to deploy, and to undo and seal when the time is over. */
const AROUND_MS = 600_000;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '120' }, out: { type: 'string' } } });
const asked = Number(values.minutes);

/**
 * The same datapath twice is never told apart to a tenth of a percent: it measures until its time is over. In one deployment: over half
 * an hour garbage that waits for its collection looks like growth. Its ladder is low: a rate that could not be kept for a moment would
 * end it (MT3003).
 */
const EXPERIMENT = `name: soak
datapaths: [direct, { id: direct, name: direct-again }, envoy-sidecar, ebpf-lab]
workloads: [http-echo, grpc-unary]
loads: [{ loop: open, rate: 300/s, duration: 4s, warmup: 500ms }]
statistics: { blocks: 5000, stop: when-resolved, margin: 0.001, budget: ${asked}m, blocksPerDeployment: 1000, seed: soak, cpu: { shares: [0.05, 0.1, 0.15] } }
`;

/** By process: its role and what was seen of it. */
type Seen = Map<number, { readonly role: string; readonly samples: Sample[] }>;

/** Until the run ends. */
async function watch(run: WatchedRun): Promise<{ seen: Seen; minutes: number; exit: number | string; hung: boolean }> {
  const beganMs = performance.now();
  const seen: Seen = new Map([[run.pid, { role: 'meshtax', samples: [] }]]);
  const lastedMs = () => performance.now() - beganMs;
  while (lastedMs() < asked * 60_000 + AROUND_MS) {
    for (const pid of [run.pid, ...descendantsOf(run.pid)]) look(pid, lastedMs() / 1000, seen);
    const exit = await within(SAMPLE_MS, run.exit);
    if (exit !== undefined) return { seen, minutes: lastedMs() / 60_000, exit, hung: false };
  }
  return { seen, minutes: lastedMs() / 60_000, ...(await endWithin(run, 0)) };
}

function look(pid: number, atS: number, seen: Seen): void {
  try {
    const rssKiB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const sample = { atS, rssMiB: rssKiB / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
    const known = seen.get(pid) ?? { role: roleOf(pid), samples: [] };
    known.samples.push(sample);
    seen.set(pid, known);
  } catch {
    // it ended meanwhile
  }
}

/** Of the one script of all roles, a source of its own, or a program: Envoy, a meter. */
function roleOf(pid: number): string {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const at = command.findIndex((word) => word.endsWith('meshtax.mjs'));
  const source = command.find((word) => word.endsWith('/main.ts'));
  return (at >= 0 ? command[at + 1] : (source ?? readlinkSync(`/proc/${pid}/exe`)).replace('/main.ts', '').split('/').at(-1)) ?? '';
}

function growthOf(role: string, samples: readonly Sample[]): Growth {
  return {
    role,
    samples: samples.length,
    firstMiB: Math.round(samples[0]?.rssMiB ?? 0),
    lastMiB: Math.round(samples.at(-1)?.rssMiB ?? 0),
    mostMiB: Math.round(Math.max(...samples.map(({ rssMiB }) => rssMiB))),
    memoryPerHourMiB: slopeOf(samples, ({ rssMiB }) => rssMiB),
    newHeightMiB: Math.round(newHeightMiB(samples) * 10) / 10,
    meansMiB: meansOf(samples, ({ rssMiB }) => rssMiB).map(([, mean]) => Math.round(mean * 10) / 10),
    descriptorsMost: Math.max(...samples.map(({ descriptors }) => descriptors)),
    descriptorsPerHour: slopeOf(samples, ({ descriptors }) => descriptors),
  };
}

/** Of each role the process that grew most, of those seen for half of the longest time. */
function worstOfEach(seen: Seen): Growth[] {
  const all = [...seen.values()].filter(({ samples }) => samples.length > 0);
  return [...Map.groupBy(all, ({ role }) => role)].map(([role, ofRole]) => {
    const longest = Math.max(...ofRole.map(({ samples }) => samples.length));
    const growths = ofRole.filter(({ samples }) => samples.length >= longest / 2).map(({ samples }) => growthOf(role, samples));
    return growths.toSorted((a, b) => (b.memoryPerHourMiB?.low ?? -Infinity) - (a.memoryPerHourMiB?.low ?? -Infinity))[0] as Growth;
  });
}

function sizes(directory: string): Pick<SoakRecord, 'journalBytes' | 'runBytes' | 'trialBytes'> {
  const bytes = (name: string) => (existsSync(`${directory}/${name}`) ? statSync(`${directory}/${name}`).size : 0);
  const trials = existsSync(`${directory}/trials`) ? readdirSync(`${directory}/trials`) : [];
  return {
    journalBytes: bytes('journal.jsonl'),
    runBytes: bytes('run.json'),
    trialBytes: trials.reduce((sum, trial) => sum + bytes(`trials/${trial}/trial.json`), 0),
  };
}

async function soak(): Promise<SoakRecord> {
  const before = await inventory();
  const space = await workspace();
  return holding(
    () => space.remove(),
    async () => {
      const run = watchRun(['run', await space.write('e.yaml', EXPERIMENT), '--results', space.results, '--allow-concurrent']);
      return holding(
        () => killWhole(run),
        async () => {
          const { seen, ...end } = await watch(run);
          const clean = await meshtax(['clean', '--all']);
          if (clean.exitCode !== 0) console.error(clean.stderr);
          const ids = run.ended.map((id) => Number(id.split('-')[0]));
          const record = {
            ...stamp(),
            asked,
            ...end,
            trials: run.ended.length,
            blocks: new Set(ids).size,
            ...sizes(run.directory()),
            processes: worstOfEach(seen),
            leaked: await leftSince(before),
            lost: lostTrials(run),
          };
          const wrong = wrongOf(record);
          return {
            ...record,
            wrong: [...wrong, ...run.notUndone, ...(wrong.length === 0 ? [] : [run.stderr()])],
          };
        },
      );
    },
  );
}

mendWhenInterrupted();
const record = await soak();
console.log(JSON.stringify(record, null, 1));
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(record, null, 1)}\n`);
process.exitCode = isBad(record) ? 1 : 0;
