import { ciliumDatapath, ciliumFeatures } from './kubernetes/cilium.ts';
import { objectsFrom } from './kubernetes/manifests.ts';

/** Cilium with HTTP rules: requests go through the node's Envoy. */
export const ciliumL7 = ciliumDatapath({
  id: 'cilium-l7',
  title: 'Cilium, HTTP policy',
  features: (facts) => ({
    ...ciliumFeatures(facts, 'an HTTP policy on the server: one pass through the node’s Envoy, which others on the node share'),
    l7PassesPerRequest: 1,
    policy: 'l7',
    telemetry: 'Envoy’s access log of every request, to Hubble',
    accessLog: 'every request, to the agent',
    // Ours say 2; Cilium's own default is 3 (pkg/option, HTTPRetryCount).
    retries: facts ? (facts.httpRetries ?? 3) : 2,
  }),
  problems: ({ proxyRedirects }) =>
    proxyRedirects > 0 ? [] : ['no agent redirects anything to a proxy: is there an Envoy, and was the policy taken?'],
  nodeProxy: {
    creates: () => ['CiliumNetworkPolicy'],
    objects: (kit) =>
      objectsFrom(kit, 'cilium-l7/policy.yaml', {
        ports: kit.servers.map(({ containerPort }) => ({ port: String(containerPort), protocol: 'TCP' })),
      }),
  },
});
