import { ciliumDatapath, ciliumFeatures, isTuned } from './kubernetes/cilium.ts';

/** Native routing and eBPF all the way: what the tuning guide recommends, as far as the kernel goes. */
export const ciliumTuned = ciliumDatapath({
  id: 'cilium-tuned',
  title: 'Cilium, tuned',
  features: (facts) => ciliumFeatures(facts, 'Cilium by its own tuning guide'),
  problems: (facts) => [
    ...(facts.encryption === 'Disabled' ? [] : [`it encrypts (${facts.encryption})`]),
    ...(isTuned(facts)
      ? []
      : [`it is not tuned: routing ${facts.routing}, host routing ${facts.hostRouting}, masquerading ${facts.masquerading}`]),
  ],
});
