/** What both of Istio's ambient datapaths have: ztunnel on the nodes, and its connection metrics as proof. */
import { z } from 'zod';
import type { PathExpectation } from '../../model/contracts/deployment.ts';
import {
  podsOf,
  type KubernetesApi,
  type KubernetesParts,
  type KubernetesSite,
  type MeshRelease,
} from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Page } from '../../model/exposition.ts';
import { PLAIN, type Features } from '../../model/features.ts';
import { ISTIO_NAMESPACE, istioOptions, istioReleases, requireIstio } from './istio.ts';
import { figure, metricsOf, pageOf, podsLabelled, sumOf } from './reading.ts';

const ZTUNNEL_STATS_PORT = 15_020;

export const ambientOptions = z.object(istioOptions);

export function ambientReleases(selected: unknown): readonly MeshRelease[] {
  const { mode, version } = ambientOptions.parse(selected);
  return mode === 'install' ? istioReleases(version, 'istio-ambient', ['istio-base', 'istiod', 'istio-cni', 'ztunnel']) : [];
}

export const AMBIENT_FEATURES: Features = {
  ...PLAIN,
  encryption: 'mtls',
  identity: 'spiffe',
  policy: 'l4',
  telemetry: 'connection metrics by ztunnel',
  loadBalancing: 'ztunnel, per connection',
  notes: 'one ztunnel a node, HBONE with mutual TLS between nodes and inside one',
};

export const AMBIENT_EXPECTATIONS: readonly PathExpectation[] = [
  { counter: 'podsNotRedirected', equals: 'zero', meaning: 'pods of its that no ztunnel serves' },
  { counter: 'ztunnelConnections', equals: 'connections', meaning: 'connections that the client’s ztunnel opened with mutual TLS' },
  { counter: 'ztunnelPlaintext', equals: 'zero', meaning: 'connections that left without it' },
];

/** @throws MeshtaxError MT5007 without a control plane, or without ztunnel on the nodes. */
export async function requireAmbient(api: KubernetesApi, arm: string): Promise<void> {
  await requireIstio(api, arm);
  const ztunnel = await api.find<{ status: { numberReady?: number } }>(`/apis/apps/v1/namespaces/${ISTIO_NAMESPACE}/daemonsets/ztunnel`);
  if (!ztunnel || (ztunnel.status.numberReady ?? 0) === 0)
    throw new MeshtaxError('MT5007', {
      arm,
      context: api.context,
      problem: `there is no ready ztunnel in ${ISTIO_NAMESPACE}: Istio is not installed in ambient mode`,
    });
}

/** Of a ztunnel's page: connections that it opened for clients of a namespace (ztunnel, src/proxy/metrics.rs). */
export function ambientCounters(page: Page, namespace: string): { readonly ztunnelConnections: number; readonly ztunnelPlaintext: number } {
  const opened = (tls: boolean) =>
    sumOf(
      page,
      'istio_tcp_connections_opened_total',
      (labels) =>
        labels['reporter'] === 'source' &&
        labels['source_workload_namespace'] === namespace &&
        (labels['connection_security_policy'] === 'mutual_tls') === tls,
    );
  return { ztunnelConnections: opened(true), ztunnelPlaintext: opened(false) };
}

export async function inspectAmbient(site: KubernetesSite): Promise<KubernetesParts> {
  const { istiod } = await requireIstio(site.api, site.arm);
  const nodes = new Set(podsOf(site).map(({ node }) => node));
  const ztunnels = (await podsLabelled(site.api, ISTIO_NAMESPACE, 'app=ztunnel')).filter(({ node }) => nodes.has(node));
  const controlPlane = await podsLabelled(site.api, ISTIO_NAMESPACE, 'app=istiod');
  const clientNodes = new Set(site.clients.map(({ node }) => node));
  const place = { namespace: ISTIO_NAMESPACE };
  return {
    features: AMBIENT_FEATURES,
    problems: ztunnels.length < nodes.size ? ['not every node of its pods has a ztunnel'] : [],
    expectations: AMBIENT_EXPECTATIONS,
    async pathCounters(pods) {
      const outside = pods.filter(({ metadata }) => metadata.annotations?.['ambient.istio.io/redirection'] !== 'enabled');
      const pages = await Promise.all(
        ztunnels
          .filter(({ node }) => clientNodes.has(node))
          .map(({ name }) => pageOf(site.api, { ...place, name }, ZTUNNEL_STATS_PORT, '/stats/prometheus')),
      );
      const counted = pages.map((page) => ambientCounters(page, site.namespace));
      const sum = (of: (each: (typeof counted)[number]) => number) => counted.reduce((total, each) => total + of(each), 0);
      return {
        podsNotRedirected: outside.length,
        ztunnelConnections: sum(({ ztunnelConnections }) => ztunnelConnections),
        ztunnelPlaintext: sum(({ ztunnelPlaintext }) => ztunnelPlaintext),
      };
    },
    hosts: site.serviceAddresses,
    port: 'servicePort',
    containers: [
      ...ztunnels.map(({ name, node }) => ({ role: 'node-proxy' as const, node, ...place, pod: name, container: 'istio-proxy' })),
      ...controlPlane.map(({ name, node }) => ({ role: 'control-plane' as const, node, ...place, pod: name, container: 'discovery' })),
    ],
    ownMetrics: ztunnels.map(({ name }) =>
      metricsOf('node-proxy', () => pageOf(site.api, { ...place, name }, ZTUNNEL_STATS_PORT, '/stats/prometheus'), [
        figure('connections', 'count', 'istio_tcp_connections_opened_total', { where: { source_workload_namespace: site.namespace } }),
        figure('sent', 'bytes', 'istio_tcp_sent_bytes_total', { where: { source_workload_namespace: site.namespace } }),
        figure('received', 'bytes', 'istio_tcp_received_bytes_total', { where: { source_workload_namespace: site.namespace } }),
      ]),
    ),
    observed: false,
    notes: { istiod },
  };
}
