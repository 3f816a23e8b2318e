import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { ciliumFeatures, ciliumOptions, ciliumReleases, inspectCilium, requireCilium, type CiliumKind } from './kubernetes/cilium.ts';

const kind: CiliumKind = {
  id: 'cilium-wireguard',
  nodeProxy: false,
  features: (facts) => ({
    ...ciliumFeatures(facts, 'WireGuard between nodes; inside a node nothing is encrypted'),
    encryption: 'wireguard',
  }),
  problems: ({ encryption, sameNode }) => [
    ...(encryption.split(' | ').every((each) => /^wireguard$/i.test(each)) ? [] : [`encryption is ${encryption}, not WireGuard`]),
    ...(sameNode ? ['client and server share a node, and inside a node nothing is encrypted'] : []),
  ],
};

/** Cilium with WireGuard between the nodes. */
export const ciliumWireguard: Datapath = {
  id: 'cilium-wireguard',
  title: 'Cilium, WireGuard',
  schema: memberSchema('cilium-wireguard', ciliumOptions),
  features: () => kind.features(undefined),
  kubernetes: {
    releases: ciliumReleases('cilium-wireguard'),
    async shape(api) {
      await requireCilium(api, 'cilium-wireguard');
      return { namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } };
    },
    inspect: (site) => inspectCilium(site, kind),
  },
};
