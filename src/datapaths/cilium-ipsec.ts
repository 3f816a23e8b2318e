import { ciliumDatapath, ciliumFeatures } from './kubernetes/cilium.ts';

/** Cilium with IPsec between the nodes. */
export const ciliumIpsec = ciliumDatapath({
  id: 'cilium-ipsec',
  title: 'Cilium, IPsec',
  features: (facts) => ({ ...ciliumFeatures(facts, 'IPsec between nodes; inside a node nothing is encrypted'), encryption: 'ipsec' }),
  problems: ({ encryption, sameNode }) => [
    ...(encryption.split(' | ').every((each) => /^ipsec$/i.test(each)) ? [] : [`encryption is ${encryption}, not IPsec`]),
    ...(sameNode ? ['client and server share a node, and inside a node nothing is encrypted'] : []),
  ],
});
