import { ciliumDatapath, ciliumFeatures } from './kubernetes/cilium.ts';

/** Cilium with WireGuard between the nodes. */
export const ciliumWireguard = ciliumDatapath({
  id: 'cilium-wireguard',
  title: 'Cilium, WireGuard',
  features: (facts) => ({
    ...ciliumFeatures(facts, 'WireGuard between nodes; inside a node nothing is encrypted'),
    encryption: 'wireguard',
  }),
  problems: ({ encryption, sameNode }) => [
    ...(encryption.split(' | ').every((each) => /^wireguard$/i.test(each)) ? [] : [`encryption is ${encryption}, not WireGuard`]),
    ...(sameNode ? ['client and server share a node, and inside a node nothing is encrypted'] : []),
  ],
});
