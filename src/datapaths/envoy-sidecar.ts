import { z } from 'zod';
import type { Component, PathExpectation } from '../model/contracts/deployment.ts';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { LabParts, LabPod, LabSite } from '../model/contracts/lab-site.ts';
import { ENVOY_VERSION, ENVOY_VERSIONS } from '../model/envoy-builds.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { PROXY_UID } from '../model/uids.ts';
import { issueCertificates } from './envoy/certificates.ts';
import { sidecarConfiguration } from './envoy/configuration.ts';
import { interceptionRules } from './envoy/interception.ts';
import { startObserver } from './observer.ts';

const options = z.object({
  sides: z.enum(['both', 'client', 'server']).default('both').describe('which pods have a sidecar'),
  concurrency: z.number().int().min(1).max(64).default(2).describe("worker threads of each Envoy (Istio's default: 2)"),
  observability: z
    .enum(['off', 'l7'])
    .default('off')
    .describe('l7: each Envoy streams its access log to an observer, which serves it as Hubble flows'),
  version: z
    .enum(ENVOY_VERSIONS)
    .optional()
    .describe(`of Envoy; default: the one that is set up (${ENVOY_VERSION}); \`meshtax setup --envoy VERSION\` brings another`),
  tls: z.enum(['off', 'mtls']).default('off').describe('mtls: certificates made for the run, strict; needs sidecars on both sides'),
});
type Options = z.output<typeof options>;
type Side = 'client' | 'server';

const sidesOf = (chosen: Options): Side[] => (chosen.sides === 'both' ? ['client', 'server'] : [chosen.sides]);

/** The real Envoy beside client and server: istio-iptables' nat chains, istiod's listener shapes. Not Istio. */
export const envoySidecar: Datapath = {
  id: 'envoy-sidecar',
  title: 'Envoy sidecars',
  schema: memberSchema('envoy-sidecar', options),
  features: (selected) => {
    const chosen = options.parse(selected);
    const encrypted = chosen.tls === 'mtls' && chosen.sides === 'both';
    return {
      ...PLAIN,
      encryption: encrypted ? 'mtls' : 'none',
      identity: encrypted ? 'spiffe' : 'none',
      l7PassesPerRequest: sidesOf(chosen).length,
      telemetry: `Envoy's request counters and grpc_stats; ${chosen.observability === 'l7' ? 'access log of every request to an observer' : 'no access log'}, no tracing`,
      loadBalancing: 'least request, one endpoint',
      retries: 2,
      accessLog: chosen.observability === 'l7' ? 'every request, by gRPC' : 'off',
      workers: chosen.concurrency,
      notes: `upstream Envoy without istio.stats and metadata exchange (a little cheaper than Istio); ${chosen.concurrency} workers each`,
    };
  },
  lab: {
    async deploy(site, selected) {
      const chosen = options.parse(selected);
      const sides = sidesOf(chosen);
      const directories = await Promise.all(sides.map((side) => site.directory(`${side}-proxy`)));
      if (chosen.tls === 'mtls') {
        await issueCertificates(
          site,
          sides.map((side, index) => ({ name: side, directory: directories[index] as string })),
        );
      }
      const observer = chosen.observability === 'l7' ? await observe(site) : undefined;
      const sidecars = await Promise.all(
        sides.map((side, index) => startSidecar(site, side, directories[index] as string, chosen, observer?.accessLogSocket)),
      );
      for (const side of sides) await intercept(site, podOf(site, side));
      const own = parts(site, sidecars, chosen);
      return observer ? { ...own, components: [...own.components, observer.component], hubble: observer.view } : own;
    },
  },
};

interface Sidecar {
  readonly side: Side;
  /** As it says of itself. */
  readonly version: string;
  readonly component: Component;
  readonly adminSocket: string;
}

async function observe(site: LabSite) {
  // Envoys pass through to the socket, which is theirs.
  const socket = `${await site.directory('access-log', 0o711)}/access-log.sock`;
  return { ...(await startObserver(site, { accessLog: { socket, owner: PROXY_UID } })), accessLogSocket: socket };
}

async function startSidecar(
  site: LabSite,
  side: Side,
  directory: string,
  chosen: Options,
  accessLogSocket: string | undefined,
): Promise<Sidecar> {
  const adminSocket = `${directory}/admin.sock`;
  const file = `${directory}/envoy.json`;
  const configuration = await sidecarConfiguration(site, {
    side,
    tls: chosen.tls,
    adminSocket,
    certificates: directory,
    peerHasSidecar: chosen.sides === 'both',
    accessLogSocket,
  });
  await site.files.writeText(file, configuration);
  await site.handOver(directory, PROXY_UID);
  const component = await site.start({
    role: `${side}-proxy`,
    netns: podOf(site, side).netns,
    uid: PROXY_UID,
    command: [
      await site.tools.envoy(chosen.version),
      '--config-path',
      file,
      '--concurrency',
      String(chosen.concurrency),
      '--use-dynamic-base-id',
      '--log-level',
      'warning',
      '--disable-hot-restart',
      '--drain-time-s',
      '1',
    ],
  });
  await site.waitFor(component, 'ready', async () => (await site.http.getText(adminSocket, '/ready', 1000)).trim() === 'LIVE');
  const { version } = JSON.parse(await site.http.getText(adminSocket, '/server_info')) as { version: string };
  return { side, component, adminSocket, version: version.split('/')[1] ?? '' };
}

async function intercept(site: LabSite, pod: LabPod): Promise<void> {
  await site.run(['iptables-restore', '--noflush'], { netns: pod.netns, input: interceptionRules(PROXY_UID) });
}

function parts(site: LabSite, sidecars: readonly Sidecar[], chosen: Options): LabParts {
  return {
    components: sidecars.map((sidecar) => sidecar.component),
    envoys: sidecars.map(({ side, adminSocket }) => ({ role: `${side}-proxy`, adminSocket })),
    bpfPrograms: [],
    expectations: sidecars.map(({ side }): PathExpectation => ({
      counter: counterOf(side),
      equals: 'requests',
      meaning: `requests that the ${side}'s Envoy received`,
    })),
    notes: { envoy: [...new Set(sidecars.map(({ version }) => version))].join(', ') },
    pathCounters: async () =>
      Object.fromEntries(
        await Promise.all(sidecars.map(async (sidecar) => [counterOf(sidecar.side), await requestsSeen(site, sidecar)] as const)),
      ),
    // Without a sidecar beside the client nobody resolves the service address.
    address: (server) =>
      chosen.sides === 'server'
        ? { host: site.server.address, port: server.containerPort }
        : { host: site.serviceAddress, port: server.servicePort },
  };
}

const counterOf = (side: Side): string => (side === 'client' ? 'clientProxyRequests' : 'serverProxyRequests');

/** Requests of our services only: the admin interface has a connection manager, and counters, of its own. */
async function requestsSeen(site: LabSite, sidecar: Sidecar): Promise<number> {
  const text = await site.http.getText(sidecar.adminSocket, '/stats?filter=downstream_rq_total');
  const direction = sidecar.side === 'client' ? 'outbound' : 'inbound';
  let requests = 0;
  for (const line of text.split('\n')) {
    const match = /^http\.(outbound|inbound)_[^ ]*downstream_rq_total: (\d+)$/.exec(line);
    if (match?.[1] === direction) requests += Number(match[2]);
  }
  return requests;
}

function podOf(site: LabSite, side: Side): LabPod {
  return side === 'client' ? site.client : site.server;
}
