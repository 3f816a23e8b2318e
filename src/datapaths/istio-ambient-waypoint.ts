import type { Datapath } from '../model/contracts/datapath.ts';
import type { KubernetesParts, KubernetesSite } from '../model/contracts/kubernetes.ts';
import { memberSchema } from '../model/experiment.ts';
import type { Features } from '../model/features.ts';
import { AMBIENT_FEATURES, ambientOptions, ambientReleases, inspectAmbient, requireAmbient } from './kubernetes/ambient.ts';
import { objectsFrom } from './kubernetes/manifests.ts';
import { ENVOY_MEMORY, figure, metricsOf, pageOf, podsLabelled, sumOf } from './kubernetes/reading.ts';

const STATS_PORT = 15_090;
const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name=waypoint';

const features: Features = {
  ...AMBIENT_FEATURES,
  l7PassesPerRequest: 1,
  policy: 'l7',
  telemetry: 'request metrics by the waypoint, connection metrics by ztunnel',
  retries: 2,
  notes: 'ztunnel on the nodes and one Envoy (the waypoint) for the namespace that looks into each request',
};

/** Istio ambient with a waypoint: HTTP is looked into by a proxy of the namespace's own. */
export const istioAmbientWaypoint: Datapath = {
  id: 'istio-ambient-waypoint',
  title: 'Istio ambient, waypoint',
  schema: memberSchema('istio-ambient-waypoint', ambientOptions),
  features: () => features,
  kubernetes: {
    releases: ambientReleases,
    creates: () => ['PeerAuthentication', 'Gateway (waypoint)'],
    async shape(api) {
      await requireAmbient(api, 'istio-ambient-waypoint');
      return {
        namespaceLabels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' },
        awaits: [GATEWAY_LABEL],
      };
    },
    objects: async (kit) => [
      ...(await objectsFrom(kit, 'istio-ambient/namespace.yaml')),
      ...(await objectsFrom(kit, 'istio-ambient-waypoint/namespace.yaml')),
    ],
    inspect,
  },
};

async function inspect(site: KubernetesSite): Promise<KubernetesParts> {
  const ambient = await inspectAmbient(site);
  const waypoints = await podsLabelled(site.api, site.namespace, GATEWAY_LABEL);
  const pages = waypoints.map(
    ({ name }) =>
      () =>
        pageOf(site.api, { namespace: site.namespace, name }, STATS_PORT, '/stats/prometheus'),
  );
  const requests = async () =>
    (await Promise.all(pages.map((read) => read()))).reduce((sum, page) => sum + sumOf(page, 'istio_requests_total'), 0);
  return {
    ...ambient,
    features,
    problems: [...ambient.problems, ...(waypoints.length === 0 ? ['its namespace has no waypoint: is the Gateway API installed?'] : [])],
    expectations: [
      ...ambient.expectations,
      { counter: 'waypointRequests', equals: 'requests', meaning: 'requests that the waypoint looked into' },
    ],
    pathCounters: async (pods) => ({ ...(await ambient.pathCounters(pods)), waypointRequests: await requests() }),
    ownMetrics: [
      ...(ambient.ownMetrics ?? []),
      ...pages.map((read) => metricsOf('waypoint', read, [figure('requests', 'count', 'istio_requests_total'), ENVOY_MEMORY])),
    ],
    containers: [
      ...ambient.containers,
      ...waypoints.map(({ name, node }) => ({
        role: 'waypoint' as const,
        node,
        namespace: site.namespace,
        pod: name,
        container: 'istio-proxy',
      })),
    ],
  };
}
