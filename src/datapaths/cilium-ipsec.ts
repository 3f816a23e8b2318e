import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { ciliumFeatures, ciliumOptions, ciliumReleases, inspectCilium, requireCilium, type CiliumKind } from './kubernetes/cilium.ts';

const kind: CiliumKind = {
  id: 'cilium-ipsec',
  nodeProxy: false,
  features: (facts) => ({ ...ciliumFeatures(facts, 'IPsec between nodes; inside a node nothing is encrypted'), encryption: 'ipsec' }),
  problems: ({ encryption, sameNode }) => [
    ...(encryption.split(' | ').every((each) => /^ipsec$/i.test(each)) ? [] : [`encryption is ${encryption}, not IPsec`]),
    ...(sameNode ? ['client and server share a node, and inside a node nothing is encrypted'] : []),
  ],
};

/** Cilium with IPsec between the nodes. */
export const ciliumIpsec: Datapath = {
  id: 'cilium-ipsec',
  title: 'Cilium, IPsec',
  schema: memberSchema('cilium-ipsec', ciliumOptions),
  features: () => kind.features(undefined),
  kubernetes: {
    releases: ciliumReleases('cilium-ipsec'),
    async shape(api) {
      await requireCilium(api, 'cilium-ipsec');
      return { namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } };
    },
    inspect: (site) => inspectCilium(site, kind),
  },
};
