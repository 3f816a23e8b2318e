import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { PLAIN } from '../model/features.ts';
import { atPods, ciliumEndpoints, NO_MESH, NOTHING_MORE, UNTOUCHED, untouched } from './kubernetes/baseline.ts';
import { agentsOf, configOf } from './kubernetes/cilium.ts';
import { plainRouting } from './plain-routing.ts';

const features = { ...PLAIN, notes: 'pod to pod by address on the cluster’s own network plugin; no service address, no mesh' };

/** Two pods on the cluster's own network, by address: what a mesh is charged against. In the lab: plain routing. */
export const plainPod: Datapath = {
  id: 'plain-pod',
  title: 'plain pods',
  schema: memberSchema('plain-pod', z.object({})),
  features: () => features,
  lab: { deploy: plainRouting },
  kubernetes: {
    shape: async () => ({ namespaceLabels: NO_MESH }),
    async inspect(site) {
      // Endpoints may come late, or have no objects at all.
      const isCilium =
        (await ciliumEndpoints(site)).length > 0 || ((await configOf(site.api)) !== undefined && (await agentsOf(site)).length > 0);
      return {
        ...NOTHING_MORE,
        features,
        problems: isCilium ? ['its pods are Cilium’s endpoints: here that is the datapath `cilium`'] : [],
        expectations: UNTOUCHED,
        pathCounters: async (pods) => untouched(pods),
        ...atPods(site),
      };
    },
  },
};
