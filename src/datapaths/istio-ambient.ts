import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { AMBIENT_FEATURES, ambientOptions, ambientReleases, inspectAmbient, requireAmbient } from './kubernetes/ambient.ts';
import { objectsFrom } from './kubernetes/manifests.ts';

/** Istio without sidecars: mutual TLS by one ztunnel a node, nothing looks into requests. */
export const istioAmbient: Datapath = {
  id: 'istio-ambient',
  title: 'Istio ambient',
  schema: memberSchema('istio-ambient', ambientOptions),
  features: () => AMBIENT_FEATURES,
  kubernetes: {
    releases: ambientReleases,
    creates: () => ['PeerAuthentication'],
    async shape(api) {
      await requireAmbient(api, 'istio-ambient');
      return { namespaceLabels: { 'istio.io/dataplane-mode': 'ambient' } };
    },
    objects: (kit) => objectsFrom(kit, 'istio-ambient/namespace.yaml'),
    inspect: inspectAmbient,
  },
};
