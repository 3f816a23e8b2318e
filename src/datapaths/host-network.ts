import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { atPods, NO_MESH, NOTHING_MORE, UNTOUCHED, untouched } from './kubernetes/baseline.ts';
import { configOf } from './kubernetes/cilium.ts';
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
    shape: async () => ({ hostNetwork: true, namespaceLabels: NO_MESH }),
    async inspect(site) {
      const inPods = site.pods.filter(({ spec, status }) => spec.hostNetwork !== true || status.podIP !== status.hostIP);
      const isEncrypted = (await configOf(site.api))?.['encrypt-node'] === 'true';
      return {
        ...NOTHING_MORE,
        features,
        problems: [
          ...(inPods.length > 0 ? [`${inPods.length} of its pods are not on the host’s network`] : []),
          ...(isEncrypted ? ['Cilium encrypts what its nodes themselves send (encryption.nodeEncryption): no floor'] : []),
        ],
        expectations: UNTOUCHED,
        pathCounters: async (pods) => untouched(pods),
        ...atPods(site),
      };
    },
  },
};
