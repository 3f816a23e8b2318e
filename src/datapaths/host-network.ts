import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { NOTHING_MORE, podsOf, readPod, UNTOUCHED, untouched } from './kubernetes/baseline.ts';
import { plainRouting } from './plain-routing.ts';

const features = { ...PLAIN, notes: 'both ends on their node’s own network: no pod network, no mesh; what the machines themselves cost' };

/** Client and server on their nodes' own network: the floor of a cluster, whatever its network plugin is. */
export const hostNetwork: Datapath = {
  id: 'host-network',
  title: 'host network',
  schema: memberSchema('host-network', z.object({})),
  features: () => features,
  lab: {
    onNode: true,
    async deploy(site) {
      const plain = await plainRouting(site);
      const node = site.nodes.find(({ pods }) => pods.some(({ name }) => name === 'server'));
      return { ...plain, address: (server) => ({ host: node?.wire?.address ?? '127.0.0.1', port: server.containerPort }) };
    },
  },
  kubernetes: {
    shape: async () => ({ hostNetwork: true, namespaceLabels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' } }),
    async inspect(site) {
      const pods = await Promise.all(podsOf(site).map((pod) => readPod(site, pod)));
      const inPods = pods.filter(({ spec, status }) => spec.hostNetwork !== true || status.podIP !== status.hostIP);
      return {
        ...NOTHING_MORE,
        features,
        problems: inPods.length > 0 ? [`${inPods.length} of its pods are not on the host’s network`] : [],
        expectations: UNTOUCHED,
        pathCounters: () => untouched(site),
        address: (server) => ({ host: site.server.address, port: server.containerPort }),
      };
    },
  },
};
