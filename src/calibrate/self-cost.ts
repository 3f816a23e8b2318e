/** What a generator costs itself, beside other tools on the same CPU against the same server, and how fast it can go. */
import { median } from 'simple-statistics';
import type { Bench } from '../model/contracts/cluster.ts';
import type { PushUndo } from '../model/contracts/deployment.ts';
import { highestRate } from '../model/search.ts';
import type { CalibrationSite, Subject } from './known-delay.ts';

interface Tool {
  readonly name: string;
  readonly protocol: 'http' | 'grpc';
  command(url: string, seconds: number): [string, ...string[]];
  /** Requests answered, from what it printed. */
  requests(stdout: string): number;
}

const CONNECTIONS = 16;
/** 4 sessions of 4 streams: as many in flight as with HTTP/1.1. */
const GRPC_SESSIONS = 4;
const PATH = '/meshtax.echo.v1.Echo/Unary';

/** Run where they are installed; `./meshtax setup --bench` installs those that apt has. */
const tools: readonly Tool[] = [
  {
    name: 'wrk',
    protocol: 'http',
    command: (url, seconds) => ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `${url}/echo`],
    requests: (stdout) => Number(/(\d+) requests in/.exec(stdout)?.[1] ?? Number.NaN),
  },
  {
    name: 'hey',
    protocol: 'http',
    command: (url, seconds) => ['hey', '-cpus', '1', '-c', String(CONNECTIONS), '-z', `${seconds}s`, `${url}/echo`],
    requests: (stdout) => Number(/\[200\]\s+(\d+) responses/.exec(stdout)?.[1] ?? Number.NaN),
  },
  {
    name: 'oha',
    protocol: 'http',
    command: (url, seconds) => ['oha', '--no-tui', '-c', String(CONNECTIONS), '-z', `${seconds}s`, `${url}/echo`],
    requests: (stdout) => Number(/\[200\]\s+(\d+) responses/.exec(stdout)?.[1] ?? Number.NaN),
  },
  {
    name: 'h2load --h1',
    protocol: 'http',
    command: (url, seconds) => ['h2load', '--h1', `-c${CONNECTIONS}`, '-D', String(seconds), `${url}/echo`],
    requests: succeeded,
  },
  {
    name: 'h2load',
    protocol: 'grpc',
    command: (url, seconds) => [
      'h2load',
      `-c${GRPC_SESSIONS}`,
      '-m4',
      '-D',
      String(seconds),
      '-H',
      ':method: POST',
      '-H',
      'content-type: application/grpc',
      '-H',
      'te: trailers',
      `${url}${PATH}`,
    ],
    requests: succeeded,
  },
  {
    name: 'ghz',
    protocol: 'grpc',
    command: (url, seconds) => [
      'ghz',
      '--insecure',
      '-c',
      String(CONNECTIONS),
      '--connections',
      String(GRPC_SESSIONS),
      '-z',
      `${seconds}s`,
      url.replace('http://', ''),
    ],
    requests: (stdout) => Number(/Count:\s+(\d+)/.exec(stdout)?.[1] ?? Number.NaN),
  },
];

function succeeded(stdout: string): number {
  return Number(/(\d+) succeeded/.exec(stdout)?.[1] ?? Number.NaN);
}

export interface SelfCost {
  readonly cpuMsPer1000: number;
  readonly requestsPerSecond: number;
  readonly ratioTo: Record<string, number>;
}

/** Tools and generator take turns, so many rounds; medians. Undefined when nothing was answered. */
export function selfCost(site: CalibrationSite, subject: Subject, rounds: number, seconds: number): Promise<SelfCost | undefined> {
  return site.scoped((undo) => compareCost(site, subject, rounds, seconds, undo));
}

async function compareCost(
  site: CalibrationSite,
  subject: Subject,
  rounds: number,
  seconds: number,
  undo: PushUndo,
): Promise<SelfCost | undefined> {
  const { bench } = site;
  const server = await bench.startTruthServer([subject.protocol, 'null'], undo);
  const url = `http://${server.dial.host}:${server.dial.port}`;
  const generator = await site.startGenerator(undo);
  await bench.keepApart(generator);
  const connections = subject.protocol === 'grpc' ? GRPC_SESSIONS : CONNECTIONS;
  await generator.connect({ arm: 'a', engine: subject.engine, dial: server.dial, connections, requestBytes: 0, responseBytes: 1024 });
  const load = (durationNs: number) => generator.load({ op: 'closed-load', arm: 'a', durationNs, inFlight: CONNECTIONS });
  await load(2e9);
  const own: number[] = [];
  const rates: number[] = [];
  const others = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    const before = await bench.cpuNs(generator.component);
    const result = await load(seconds * 1e9);
    const ok = result.arms[0]?.ok ?? 0;
    if (ok > 0) own.push(((await bench.cpuNs(generator.component)) - before) / 1e6 / (ok / 1000));
    rates.push(result.achievedRatePerSecond);
    for (const tool of tools.filter((each) => each.protocol === subject.protocol)) {
      const cost = await toolCost(bench, tool, url, seconds, undo);
      if (cost !== undefined) others.set(tool.name, [...(others.get(tool.name) ?? []), cost]);
    }
  }
  await generator.disconnect('a');
  if (own.length === 0) return undefined;
  const cpuMsPer1000 = median(own);
  return {
    cpuMsPer1000,
    requestsPerSecond: median(rates),
    ratioTo: Object.fromEntries([...others].map(([name, costs]) => [name, cpuMsPer1000 / median(costs)])),
  };
}

/** CPU ms per 1000 answers; undefined where the tool is missing or said nothing we can read. */
async function toolCost(bench: Bench, tool: Tool, url: string, seconds: number, undo: PushUndo): Promise<number | undefined> {
  const run = await bench.runTool(tool.command(url, seconds), undo);
  const requests = run ? tool.requests(run.stdout) : Number.NaN;
  return run && requests > 0 ? run.cpuNs / 1e6 / (requests / 1000) : undefined;
}

const PROBE_NS = 1e9;

/** The highest open-loop rate that a generator on one CPU sends in time: rate within 1 %, no backlog, loop at most 80 % busy. */
export function highestRatePerCore(site: CalibrationSite, subject: Subject): Promise<number> {
  return site.scoped((undo) => climb(site, subject, undo));
}

async function climb(site: CalibrationSite, subject: Subject, undo: PushUndo): Promise<number> {
  const { bench } = site;
  const server = await bench.startTruthServer([subject.protocol, 'null'], undo);
  const generator = await site.startGenerator(undo);
  await bench.keepApart(generator);
  await generator.connect({ arm: 'a', engine: subject.engine, dial: server.dial, connections: 64, requestBytes: 0, responseBytes: 1024 });
  const load = (ratePerSecond: number) =>
    generator.load({
      op: 'open-load',
      arms: ['a'],
      seed: `rate-${ratePerSecond}`,
      arrivals: 'poisson',
      pacing: subject.pacing,
      ratePerSecond,
      durationNs: PROBE_NS,
    });
  await load(5000);
  await load(5000);
  const sustains = async (rate: number) => {
    const { arms, achievedRatePerSecond, loopUtilisation } = await load(rate);
    const [arm] = arms;
    const inTime = Math.abs(achievedRatePerSecond / rate - 1) <= 0.01 + 3 / Math.sqrt(arm?.sent ?? 1);
    return (
      inTime &&
      arm !== undefined &&
      arm.errors === 0 &&
      arm.backlogAtEnd <= rate / 1000 &&
      (subject.pacing === 'spin' || loopUtilisation <= 0.8)
    );
  };
  const rate = await highestRate(sustains, 1000, 128_000, 3);
  await generator.disconnect('a');
  return rate;
}
