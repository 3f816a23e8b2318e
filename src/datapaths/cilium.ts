import { ciliumDatapath, ciliumFeatures, isTuned } from './kubernetes/cilium.ts';

/** Cilium without anything special: what most clusters have. */
export const cilium = ciliumDatapath({
  id: 'cilium',
  title: 'Cilium',
  features: (facts) => ciliumFeatures(facts, 'Cilium as its chart installs it'),
  problems: ({ encryption, routing, masquerading, hostRouting }) => [
    ...(encryption === 'Disabled' ? [] : [`it encrypts (${encryption}): that is another datapath`]),
    ...(isTuned({ routing, masquerading, hostRouting }) ? ['it is set up as the tuning guide says: that is `cilium-tuned`'] : []),
  ],
});
