/**
 * cAdvisor's figures of a large campaign: 500 nodes whose pages have 50,000 series each, of which a pair of pods is ours,
 * read through one turnstile. CPU and time of a page, memory of the whole. About a minute, without root.
 */
import { cadvisor } from '../src/collectors/cadvisor.ts';
import { Turnstile } from '../src/clusters/kubernetes/turnstile.ts';
import type { CadvisorView } from '../src/model/contracts/cadvisor.ts';
import type { Deployment } from '../src/model/contracts/deployment.ts';
import { system } from '../src/system/index.ts';

const NODES = 500;
const SERIES = 50_000;
const SERIES_PER_POD = 45;
const REQUESTS_PER_SECOND = 50;
/** Shorter than the kubelet's: what is measured is the reading. */
const ROUND_MS = 15_000;

/** The body is the same for all: what differs are the lines of our pods, and those come last. */
const others = foreignLines();
const turnstile = new Turnstile(system.clock, REQUESTS_PER_SECOND);
let pages = 0;
const startedMs = Date.now();

const views: CadvisorView[] = Array.from({ length: NODES }, (_, node) => ({
  source: {
    where: `node ${node}`,
    housekeepingMs: ROUND_MS,
    clockErrorMs: 0,
    scrape: () =>
      turnstile.through(async () => {
        pages++;
        return others + ownLines(node);
      }),
  },
  containers: [{ role: 'server-app', namespace: 'meshtax-own', pod: `server-${node}`, container: 'server' }],
  pods: [{ name: 'server', namespace: 'meshtax-own', pod: `server-${node}` }],
}));

const before = process.cpuUsage();
let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const deployment = { cadvisor: views } as unknown as Deployment;
const recording = await cadvisor.open({ deployment, generator: undefined, system, host: {} });
await system.clock.sleep(ROUND_MS * 3);
const readings = await recording.close();
clearInterval(watch);
const cpu = process.cpuUsage(before);
const measured = readings.filter((reading) => 'value' in reading && reading.metric === 'cpu').length;

process.stdout.write(
  `cadvisor-scale: ${NODES} nodes x ${SERIES} series (${(others.length / 1e6).toFixed(1)} MB a page), at most ${REQUESTS_PER_SECOND} requests/s\n` +
    `  ${pages} pages in ${((Date.now() - startedMs) / 1000).toFixed(0)} s, ${((cpu.user + cpu.system) / 1000 / pages).toFixed(1)} ms CPU a page\n` +
    `  peak memory ${(peak / 1024 ** 2).toFixed(0)} MiB; CPU figures of ${measured} of ${NODES} pods\n`,
);

function foreignLines(): string {
  const lines: string[] = [];
  for (let i = 0; i < SERIES; i++) {
    const pod = Math.floor(i / SERIES_PER_POD);
    const labels = `container="app",cpu="total",id="/kubepods/pod${pod}/${i}",image="registry.example/app:1",name="n${i}",namespace="shop",pod="web-${pod}"`;
    lines.push(`${i % 2 === 0 ? 'container_cpu_usage_seconds_total' : 'container_memory_rss'}{${labels}} ${i}.5 1795297573000`);
  }
  return `${lines.join('\n')}\n`;
}

function ownLines(node: number): string {
  const atMs = Date.now();
  const labels = `container="server",cpu="total",id="/kubepods/own${node}",image="node",name="own",namespace="meshtax-own",pod="server-${node}"`;
  return `container_cpu_usage_seconds_total{${labels}} ${atMs / 1e6} ${atMs}\ncontainer_memory_rss{${labels}} 1000 ${atMs}\n`;
}
