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
  id: 'cilium-tuned',
  nodeProxy: false,
  features: (facts) => ciliumFeatures(facts, 'Cilium by its own tuning guide'),
  problems: (facts) => [
    ...(facts.encryption === 'Disabled' ? [] : [`it encrypts (${facts.encryption})`]),
    ...(isTuned(facts)
      ? []
      : [`it is not tuned: routing ${facts.routing}, host routing ${facts.hostRouting}, masquerading ${facts.masquerading}`]),
  ],
};

/** Native routing and eBPF all the way: what the tuning guide recommends, as far as the kernel goes. */
export const ciliumTuned: Datapath = {
  id: 'cilium-tuned',
  title: 'Cilium, tuned',
  schema: memberSchema('cilium-tuned', ciliumOptions),
  features: () => kind.features(undefined),
  kubernetes: {
    releases: ciliumReleases('cilium-tuned'),
    async shape(api) {
      await requireCilium(api, 'cilium-tuned');
      return { namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } };
    },
    inspect: (site) => inspectCilium(site, kind),
  },
};
