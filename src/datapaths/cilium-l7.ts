import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { ciliumFeatures, ciliumOptions, ciliumReleases, inspectCilium, requireCilium, type CiliumKind } from './kubernetes/cilium.ts';
import { objectsFrom } from './kubernetes/manifests.ts';

const kind: CiliumKind = {
  id: 'cilium-l7',
  nodeProxy: true,
  features: (facts) => ({
    ...ciliumFeatures(facts, 'an HTTP policy on the server: one pass through the node’s Envoy, which others on the node share'),
    l7PassesPerRequest: 1,
    policy: 'l7',
    telemetry: 'Envoy’s access log of every request, to Hubble',
    accessLog: 'every request, to the agent',
    retries: 2,
  }),
  problems: ({ proxyRedirects }) =>
    proxyRedirects > 0 ? [] : ['no agent redirects anything to a proxy: is there an Envoy, and was the policy taken?'],
};

/** Cilium with HTTP rules: requests go through the node's Envoy. */
export const ciliumL7: Datapath = {
  id: 'cilium-l7',
  title: 'Cilium, HTTP policy',
  schema: memberSchema('cilium-l7', ciliumOptions),
  features: () => kind.features(undefined),
  kubernetes: {
    releases: ciliumReleases('cilium-l7', true),
    creates: () => ['CiliumNetworkPolicy'],
    async shape(api) {
      await requireCilium(api, 'cilium-l7');
      return { namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } };
    },
    objects: (kit) =>
      objectsFrom(kit, 'cilium-l7/policy.yaml', {
        ports: kit.servers.map(({ containerPort }) => ({ port: String(containerPort), protocol: 'TCP' })),
      }),
    inspect: (site) => inspectCilium(site, kind),
  },
};
