/** `meshtax observe`: one datapath with traffic on it, kept alive so that a person can look at its flows and figures. */
import type { ClusterSession } from '../model/contracts/cluster.ts';
import type { Deployment, PushUndo } from '../model/contracts/deployment.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { parseDurationNs } from '../model/units.ts';
import type { App } from './app.ts';
import { withLabSession } from './lab-session.ts';

export interface ObserveOptions {
  readonly datapath: string;
  readonly rate: string;
  readonly for?: string | undefined;
}

/** How each datapath is made observable; the others have no flows of their own. */
export const OBSERVABLE = { 'ebpf-lab': { observability: 'flows' }, 'envoy-sidecar': { observability: 'l7' } } as const;

const WINDOW_NS = 5e9;
const CONNECTIONS = 4;
/** No policy allows it: what a denied attempt looks like. */
const DENIED_PORT = 9;
/** The address is its argument. */
const ATTEMPT = `require('node:net').connect(${DENIED_PORT}, process.argv[1]).on('error', () => {}).setTimeout(1500, () => process.exit())`;
const CHANNEL = 'observed';

export async function observeCommand(app: App, options: ObserveOptions): Promise<ExitCode> {
  const rate = Number(options.rate);
  if (!(rate > 0 && rate <= 1000))
    throw new MeshtaxError('MT1005', {
      subject: `--rate ${options.rate}`,
      problem: 'from 1 to 1000 requests per second',
      command: 'observe',
    });
  const lastsNs = options.for === undefined ? Number.POSITIVE_INFINITY : parseDurationNs(options.for);
  if (lastsNs === undefined)
    throw new MeshtaxError('MT1005', {
      subject: `--for ${options.for}`,
      problem: 'a duration is for instance 90s or 10m',
      command: 'observe',
    });
  const untilNs = app.system.clock.monotonicNs() + lastsNs;
  await withLabSession(app, 'obs', async (session, undo) => {
    const { deployment, generator } = await deployWithTraffic(app, session, options.datapath, undo);
    app.out(instructions(deployment));
    while (!app.interruption.aborted && app.system.clock.monotonicNs() < untilNs) {
      await Promise.all([
        generator.load({
          op: 'open-load',
          arms: [CHANNEL],
          seed: app.system.randomId(8),
          arrivals: 'poisson',
          pacing: 'sleep',
          ratePerSecond: rate,
          durationNs: WINDOW_NS,
        }),
        attemptDenied(app, deployment),
      ]);
    }
  });
  return EXIT.ok;
}

async function deployWithTraffic(app: App, session: ClusterSession, id: string, undo: PushUndo) {
  const { datapaths, workloads, generators } = app.families;
  const datapath = datapaths.find((each) => each.id === id);
  const workload = workloads.find((each) => each.protocol === 'http');
  const generator = generators.find((each) => each.protocol === 'http' && each.loop === 'open');
  if (!datapath || !workload || !generator) throw new Error('the lab has a datapath, a workload and a generator for HTTP');
  const server = workload.server(workload.schema.parse({ id: workload.id }), 0);
  const selected = datapath.schema.parse({ id, ...OBSERVABLE[id as keyof typeof OBSERVABLE] });
  const deployment = await session.deploy(datapath, selected, [server], undo);
  const running = await session.startGenerator(undefined, undo);
  await running.connect({ ...deployment.target(server, generator.engine, CONNECTIONS), arm: CHANNEL });
  return { deployment, generator: running };
}

/** It ends by itself: the connection is refused or nobody answers. */
async function attemptDenied({ system }: App, deployment: Deployment): Promise<void> {
  const [place] = deployment.links;
  if (!place || !deployment.hubble) return;
  await system.processes.run(
    [...place.enter, system.host.nodeBinary, '-e', ATTEMPT, deployment.hubble.serverAddress] as unknown as [string, ...string[]],
    {
      mayFail: true,
    },
  );
}

function instructions({ arm, hubble, cadvisor }: Deployment): string {
  const server = hubble?.address ?? '';
  const lines = [
    `${arm} is deployed and has traffic; Ctrl-C removes it. In another terminal:`,
    '',
    '  flows, with the hubble CLI of Cilium:',
    `    hubble --server ${server} status`,
    `    hubble --server ${server} observe --follow`,
    `    hubble --server ${server} observe --verdict DROPPED`,
    `    hubble --server ${server} observe --to-pod ${arm}/server -o json`,
    `    hubble --server ${server} observe --protocol http`,
    '',
    ...cadvisor.map(({ source }) => `  CPU, memory and traffic, as cAdvisor shows them: ${source.where}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}
