/** What can be tracked over versions. To add one: a line here. */
import { ENVOY_VERSIONS } from '../model/envoy-builds.ts';
import { MeshtaxError } from '../model/errors.ts';
import type { Component } from '../plan/pair.ts';

/** Versions of a mesh are whatever its clusters run: they are named with their contexts. */
const components: readonly Component[] = [
  { id: 'envoy', datapath: 'envoy-sidecar', versions: ENVOY_VERSIONS },
  { id: 'cilium', datapath: 'cilium', versions: [], note: 'cilium' },
  { id: 'istio', datapath: 'istio-sidecar', versions: [], note: 'istiod' },
];

export const COMPONENTS = components.map(({ id }) => id);

/** @throws MeshtaxError MT1005. */
export function componentNamed(id: string): Component {
  const found = components.find((each) => each.id === id);
  if (!found)
    throw new MeshtaxError('MT1005', { subject: `--component ${id}`, problem: `known are ${COMPONENTS.join(', ')}`, command: 'track' });
  return found;
}
