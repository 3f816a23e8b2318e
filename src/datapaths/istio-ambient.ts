import { z } from 'zod';
import type { Datapath } from '../model/contracts/datapath.ts';
import { memberSchema } from '../model/experiment.ts';
import { AMBIENT_FEATURES, inspectAmbient, requireAmbient } from './kubernetes/ambient.ts';
import { istioOptions, istioReleases } from './kubernetes/istio.ts';
import { objectsFrom } from './kubernetes/manifests.ts';

const options = z.object(istioOptions);

/** Istio without sidecars: mutual TLS by one ztunnel a node, nothing looks into requests. */
export const istioAmbient: Datapath = {
  id: 'istio-ambient',
  title: 'Istio ambient',
  schema: memberSchema('istio-ambient', options),
  features: () => AMBIENT_FEATURES,
  kubernetes: {
    releases: (selected) => {
      const { mode, version } = options.parse(selected);
      return mode === 'install' ? istioReleases(version, 'istio-ambient', ['istio-base', 'istiod', 'istio-cni', 'ztunnel']) : [];
    },
    creates: () => ['PeerAuthentication'],
    async shape(api) {
      await requireAmbient(api, 'istio-ambient');
      return { namespaceLabels: { 'istio.io/dataplane-mode': 'ambient' } };
    },
    objects: (kit) => objectsFrom(kit, 'istio-ambient/namespace.yaml'),
    inspect: inspectAmbient,
  },
};
