/** A benchmark does not belong beside other people's work unless they know. */
import { MeshtaxError } from '../../model/errors.ts';
import type { Finding } from '../../model/findings.ts';
import type { Context } from './context.ts';

/** What a cluster that is made for tests has. */
const OWN =
  /^(default|kube-.*|local-path-storage|istio-system|istio-cni|cilium.*|gke-managed-.*|calico-.*|tigera-operator|meshtax-.*|monitoring|observability)$/;
const MOST_FOREIGN_NAMESPACES = 3;
const MOST_NODES = 20;
const TELLING_NAME = /prod(uction)?\b|\blive\b/i;

/** @throws MeshtaxError MT5006 unless the user has said that it may be changed. */
export async function refuseProduction({ kubectl, name, nodes }: Context, confirmed: boolean): Promise<Finding[]> {
  const { items } = await kubectl.get<{ items: readonly { metadata: { name: string } }[] }>('/api/v1/namespaces');
  const foreign = items.map(({ metadata }) => metadata.name).filter((each) => !OWN.test(each));
  const signs = [
    ...(TELLING_NAME.test(name) ? ['its name says so'] : []),
    ...(foreign.length > MOST_FOREIGN_NAMESPACES
      ? [`it has ${foreign.length} namespaces of others (${foreign.slice(0, 4).join(', ')}, …)`]
      : []),
    ...(nodes.length > MOST_NODES ? [`it has ${nodes.length} nodes`] : []),
  ];
  if (signs.length === 0) return [];
  if (!confirmed) throw new MeshtaxError('MT5006', { context: name, problem: signs.join('; ') });
  return [
    {
      code: 'MT5006',
      level: 'warning',
      title: 'a cluster that others use',
      detail: signs.join('; '),
      why: 'their load is in every whole-node figure',
      fix: 'measure on a cluster of your own',
    },
  ];
}
