/** From one experiment to that of two versions of a component: both, each beside a baseline, in one run. Pure. */
import { parse, stringify } from 'yaml';
import { armOf } from '../model/track.ts';

/** What is tracked: which datapath carries it, and which versions can be had. */
export interface Component {
  readonly id: string;
  readonly datapath: string;
  /** Which of an arm's notes has its version in an image's name, where it is not chosen by us. */
  readonly note?: string;
  /** Oldest first; between two of a series, those that a bisection may ask. */
  readonly versions: readonly string[];
}

/** Where each version lives, when no place can hold two: version to kubeconfig context. */
export type Contexts = ReadonlyMap<string, string>;

interface Spec {
  readonly baseline?: string;
  readonly cluster?: unknown;
  readonly datapaths?: readonly unknown[];
  readonly [field: string]: unknown;
}

/** @throws Error in plain words when the experiment is not of one datapath over a baseline. */
export function pairText(
  specText: string,
  { id, datapath, versions }: Component,
  older: string,
  newer: string,
  contexts: Contexts,
): string {
  const spec = parse(specText) as Spec;
  const entries = (spec.datapaths ?? []).map(objectOf);
  const [entry, ...more] = entries.filter((each) => each['id'] === datapath);
  const baseline = entries.find((each) => nameOf(each) === (spec.baseline ?? 'direct'));
  if (!entry || more.length > 0) throw new Error(`it needs the datapath ${datapath} once, to be tracked over versions of ${id}`);
  if (!baseline || baseline === entry) throw new Error('it needs a baseline beside it');
  const [here, there] = [contexts.get(older), contexts.get(newer)];
  const homeless = [older, newer].filter((version) => !contexts.has(version));
  if (homeless.length > 0 && (contexts.size > 0 || versions.length === 0))
    throw new Error(`it is not said where ${homeless.join(' and ')} of ${id} can be found: --at VERSION=CONTEXT`);
  // What is installed for the run is of its version; what is there already is said to be, and looked at afterwards.
  const own = (version: string) => (contexts.size === 0 || entry['mode'] === 'install' ? { version } : {});
  const armsOf = (version: string) => ({ ...entry, name: armOf(datapath, version), ...own(version) });
  const question = `Does ${datapath} of ${id} ${newer} charge anything else than ${older}?`;
  if (here === undefined || there === undefined) {
    const datapaths = [baseline, armsOf(older), armsOf(newer)];
    return stringify({ ...spec, question, datapaths });
  }
  const baselines = [older, newer].map((version) => ({ ...baseline, name: armOf('baseline', version) }));
  const [first, second] = baselines.map(nameOf) as [string, string];
  const cluster = {
    ...(spec.cluster as object),
    context: here,
    others: [{ context: there, baseline: second, datapaths: [second, armOf(datapath, newer)] }],
  };
  return stringify({ ...spec, question, cluster, baseline: first, datapaths: [baselines[0], armsOf(older), baselines[1], armsOf(newer)] });
}

function objectOf(entry: unknown): Record<string, unknown> {
  return typeof entry === 'string' ? { id: entry } : (entry as Record<string, unknown>);
}

function nameOf(entry: Record<string, unknown>): string {
  return String(entry['name'] ?? entry['id']);
}
