import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { OwnMetrics, PathExpectation } from '../model/contracts/deployment.ts';
import { podsOf, type KubernetesPod, type KubernetesSite, type Side } from '../model/contracts/kubernetes.ts';
import { memberSchema } from '../model/experiment.ts';
import type { Page } from '../model/exposition.ts';
import { PLAIN, type Features } from '../model/features.ts';
import { ISTIO_NAMESPACE, istioOptions, istioReleases, requireIstio } from './kubernetes/istio.ts';
import { objectsFrom } from './kubernetes/manifests.ts';
import { ENVOY_MEMORY, metricsOf, pageOf, podsLabelled, sumOf } from './kubernetes/reading.ts';
import { jsonPart, sidecarFacts } from './kubernetes/sidecar-facts.ts';

const options = z.object({
  ...istioOptions,
  mtls: z.enum(['strict', 'off']).default('strict').describe('off: plaintext between the sidecars'),
  revision: z
    .string()
    .regex(/^[a-z0-9.-]{1,63}$/)
    .optional()
    .describe('of a revisioned istiod; default: the one without'),
  concurrency: z.number().int().min(1).max(64).default(2).describe('worker threads of each sidecar'),
  retries: z.number().int().min(0).max(10).optional().describe('default: Istio’s own, 2'),
  accessLog: z.boolean().default(false).describe('a line for every request'),
  tracingSample: z.number().min(0).max(100).default(0).describe('per cent of requests; Istio’s own default is 1'),
});
type Options = z.output<typeof options>;

const PROXY = 'istio-proxy';
/** Envoy's own page; 15020 would have the agent ask the application too. */
const STATS_PORT = 15_090;
const INBOUND = '0.0.0.0_15006';
/** Istio leaves most of Envoy's counters out. Where its own filters are off, these are what proves the path. */
const COUNTED = [
  'http\\.(inbound|outbound)_.*downstream_rq_total',
  'listener\\.0\\.0\\.0\\.0_15006.*(downstream_cx_total|ssl\\.handshake)',
];

/** The real Istio: a sidecar beside client and server, as its injector makes them. */
export const istioSidecar: Datapath = {
  id: 'istio-sidecar',
  title: 'Istio sidecars',
  schema: memberSchema('istio-sidecar', options),
  features: (selected) => wanted(options.parse(selected)),
  kubernetes: {
    releases: (selected) => {
      const { mode, version } = options.parse(selected);
      return mode === 'install' ? istioReleases(version, 'istio-sidecar', ['istio-base', 'istiod']) : [];
    },
    creates: (selected) => [
      'PeerAuthentication',
      'Telemetry',
      ...(options.parse(selected).retries === undefined ? [] : ['VirtualService']),
    ],
    async shape(api, selected) {
      const chosen = options.parse(selected);
      const { mesh } = await requireIstio(api, 'istio-sidecar');
      const proxyConfig = {
        concurrency: chosen.concurrency,
        ...(mesh.countsRequests ? {} : { proxyStatsMatcher: { inclusionRegexps: COUNTED } }),
      };
      return {
        namespaceLabels: chosen.revision === undefined ? { 'istio-injection': 'enabled' } : { 'istio.io/rev': chosen.revision },
        annotations: { 'proxy.istio.io/config': JSON.stringify(proxyConfig) },
        injected: { container: PROXY, sides: ['client', 'server'] },
      };
    },
    async objects(kit, selected) {
      const { mtls, accessLog, tracingSample, retries } = options.parse(selected);
      const mtlsMode = mtls === 'strict' ? 'STRICT' : 'DISABLE';
      const tracing = { tracingOff: tracingSample === 0, tracingSample };
      const own = await objectsFrom(kit, 'istio-sidecar/namespace.yaml', { mtlsMode, accessLogOff: !accessLog, ...tracing });
      if (retries === undefined) return own;
      const routes = kit.hosts.map((host, index) =>
        objectsFrom(kit, 'istio-sidecar/retries.yaml', { retries, host, name: `meshtax-${index}` }),
      );
      return [...own, ...(await Promise.all(routes)).flat()];
    },
    inspect: (site, selected) => inspect(site, options.parse(selected)),
  },
};

function wanted({ mtls, retries = 2, concurrency, accessLog, tracingSample }: Options): Features {
  return {
    ...PLAIN,
    encryption: mtls === 'strict' ? 'mtls' : 'none',
    identity: mtls === 'strict' ? 'spiffe' : 'none',
    l7PassesPerRequest: 2,
    telemetry: 'request metrics by Istio’s filters',
    loadBalancing: 'least request',
    retries,
    circuitBreakers: 'unlimited',
    accessLog: accessLog ? 'every request' : 'off',
    tracing: tracingSample === 0 ? 'off' : `${tracingSample} %`,
    workers: concurrency,
    notes: 'two passes through Envoy, one on each side',
  };
}

async function inspect(site: KubernetesSite, chosen: Options) {
  const { istiod, mesh } = await requireIstio(site.api, site.arm);
  const without = site.pods.filter(({ spec }) => ![...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === PROXY));
  const [client] = site.clients as readonly [KubernetesPod];
  const found = without.length > 0 ? undefined : await factsOf(site, client);
  const strict = chosen.mtls === 'strict';
  const controlPlane = await podsLabelled(site.api, ISTIO_NAMESPACE, 'app=istiod');
  return {
    features: {
      ...wanted(chosen),
      ...(found
        ? {
            retries: found.retries,
            circuitBreakers: found.circuitBreakers,
            accessLog: found.accessLog,
            tracing: found.tracing,
            workers: found.workers,
          }
        : {}),
      telemetry: mesh.countsRequests
        ? 'istio_requests_total and durations for each request'
        : 'Envoy’s counters of connections and requests; Istio’s own filters are off',
    },
    problems:
      without.length > 0 ? [`${without.length} of its pods have no ${PROXY}: does the injection webhook answer for its namespace?`] : [],
    expectations: expectationsOf(strict),
    pathCounters: async () => addUp(await Promise.all(podsOf(site).map((pod) => countersOf(site, pod, mesh.countsRequests)))),
    hosts: site.serviceAddresses,
    port: 'servicePort' as const,
    containers: controlPlane.map(({ name, node }) => ({
      role: 'control-plane' as const,
      node,
      namespace: ISTIO_NAMESPACE,
      pod: name,
      container: 'discovery',
    })),
    ownMetrics: podsOf(site).map((pod) => sidecarMetrics(site, pod, mesh.countsRequests)),
    observed: false,
    notes: {
      istiod,
      envoy: found?.envoyVersion ?? '',
      requestCounters: mesh.countsRequests ? 'istio_requests_total' : 'Envoy’s downstream_rq_total',
    },
  };
}

/** Two commands in the proxy's container, before anything is measured. */
async function factsOf({ api, namespace }: KubernetesSite, pod: KubernetesPod) {
  const ask = async (path: string) => jsonPart((await api.exec(pod, PROXY, ['pilot-agent', 'request', 'GET', path])).stdout);
  return sidecarFacts(await ask('config_dump'), await ask('server_info'), `server-0.${namespace}.svc`);
}

function expectationsOf(strict: boolean): readonly PathExpectation[] {
  return [
    { counter: 'clientProxyRequests', equals: 'requests', meaning: 'requests that the client’s sidecars forwarded' },
    { counter: 'serverProxyRequests', equals: 'requests', meaning: 'requests that the server’s sidecar received' },
    strict
      ? { counter: 'serverPlaintext', equals: 'zero', meaning: 'connections or requests that came to the server’s sidecar without TLS' }
      : { counter: 'serverTls', equals: 'zero', meaning: 'connections or requests that came to the server’s sidecar with TLS' },
  ];
}

/** The page that the proof reads, once more for what it says besides. */
function sidecarMetrics(site: KubernetesSite, pod: KubernetesPod, istio: boolean): OwnMetrics {
  const requests = (page: Page) => {
    const { clientProxyRequests, serverProxyRequests = 0 } = countersOn(page, pod.side, istio);
    return { metric: 'requests', unit: 'count', kind: 'counter', value: clientProxyRequests ?? serverProxyRequests } as const;
  };
  const role = pod.side === 'client' ? 'client-proxy' : 'server-proxy';
  return metricsOf(role, () => pageOf(site.api, pod, STATS_PORT, '/stats/prometheus'), [requests, ENVOY_MEMORY]);
}

async function countersOf(site: KubernetesSite, pod: KubernetesPod, istio: boolean): Promise<Record<string, number>> {
  return countersOn(await pageOf(site.api, pod, STATS_PORT, '/stats/prometheus'), pod.side, istio);
}

/** Of one sidecar's page. */
export function countersOn(page: Page, side: Side, istio: boolean): Record<string, number> {
  if (istio) {
    const reporter = side === 'client' ? 'source' : 'destination';
    const total = (tls?: boolean) =>
      sumOf(
        page,
        'istio_requests_total',
        (labels) =>
          labels['reporter'] === reporter && (tls === undefined || (labels['connection_security_policy'] === 'mutual_tls') === tls),
      );
    return side === 'client'
      ? { clientProxyRequests: total() }
      : { serverProxyRequests: total(), serverPlaintext: total(false), serverTls: total(true) };
  }
  const direction = side === 'client' ? 'outbound_' : 'inbound_';
  const requests = sumOf(
    page,
    'envoy_http_downstream_rq_total',
    (labels) => labels['http_conn_manager_prefix']?.startsWith(direction) === true,
  );
  if (side === 'client') return { clientProxyRequests: requests };
  const atInbound = (labels: Readonly<Record<string, string>>) => labels['listener_address'] === INBOUND;
  const connections = sumOf(page, 'envoy_listener_downstream_cx_total', atInbound);
  const tls = sumOf(page, 'envoy_listener_ssl_handshake', atInbound);
  return { serverProxyRequests: requests, serverPlaintext: connections - tls, serverTls: tls };
}

function addUp(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const each of all) for (const [counter, value] of Object.entries(each)) sum[counter] = (sum[counter] ?? 0) + value;
  return sum;
}
