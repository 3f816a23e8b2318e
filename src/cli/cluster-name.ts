/** `--cluster`: the id of one of ours, a kubeconfig context, or both (`kubernetes:NAME`) where a context is called like one of ours. */
import type { Cluster } from '../model/contracts/cluster.ts';
import { MeshtaxError } from '../model/errors.ts';
import type { Selected } from '../model/experiment.ts';
import type { App } from './app.ts';

export interface NamedCluster {
  readonly cluster: Cluster;
  /** The context, where one was given. */
  readonly place: string | undefined;
}

/** @throws MeshtaxError MT1005. */
export function clusterNamed(app: App, text: string, command: string): NamedCluster {
  const { clusters } = app.families;
  const own = clusters.find(({ id }) => id === text);
  if (own) return { cluster: own, place: undefined };
  const [id = '', ...rest] = text.split(':');
  const prefixed = clusters.find((candidate) => candidate.id === id && candidate.at);
  if (prefixed && rest.join(':') !== '') return { cluster: prefixed, place: rest.join(':') };
  const placed = clusters.find((candidate) => candidate.at);
  if (placed && text !== '' && !prefixed) return { cluster: placed, place: text };
  const known = clusters.map((candidate) => candidate.id).join(', ');
  throw new MeshtaxError('MT1005', { subject: `--cluster ${text}`, problem: `known clusters are ${known}`, command });
}

/** What the experiment says of the cluster, moved there. */
export function moveTo({ cluster, place }: NamedCluster, selected: Selected): Selected {
  if (cluster.id === selected.id && place === undefined) return selected;
  const elsewhere = place === undefined ? {} : (cluster.at?.(place) as object);
  const parsed = cluster.schema.safeParse({ id: cluster.id, ...elsewhere });
  if (parsed.success && cluster.id === selected.id) return { ...selected, options: { ...(selected.options as object), ...elsewhere } };
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new MeshtaxError('MT1005', { subject: `--cluster ${cluster.id}`, problem, command: 'run' });
}
