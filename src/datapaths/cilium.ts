import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import {
  isTuned,
  ciliumFeatures,
  ciliumOptions,
  ciliumReleases,
  inspectCilium,
  requireCilium,
  type CiliumKind,
} from './kubernetes/cilium.ts';

const kind: CiliumKind = {
  id: 'cilium',
  nodeProxy: false,
  features: (facts) => ciliumFeatures(facts, 'Cilium as its chart installs it'),
  problems: ({ encryption, routing, masquerading, hostRouting }) => [
    ...(encryption === 'Disabled' ? [] : [`it encrypts (${encryption}): that is another datapath`]),
    ...(isTuned({ routing, masquerading, hostRouting }) ? ['it is set up as the tuning guide says: that is `cilium-tuned`'] : []),
  ],
};

/** Cilium without anything special: what most clusters have. */
export const cilium: Datapath = {
  id: 'cilium',
  title: 'Cilium',
  schema: memberSchema('cilium', ciliumOptions),
  features: () => kind.features(undefined),
  kubernetes: {
    releases: ciliumReleases('cilium'),
    async shape(api) {
      await requireCilium(api, 'cilium');
      return { namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } };
    },
    inspect: (site) => inspectCilium(site, kind),
  },
};
