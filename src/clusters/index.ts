/** The clusters. To add one: a file (or folder) here and a line below. */
import type { Cluster } from '../model/contracts/cluster.ts';
import { kind } from './kind/kind.ts';
import { kubernetes } from './kubernetes/kubernetes.ts';
import { lab } from './lab/lab.ts';
import { simulated } from './simulated/simulated.ts';

export const clusters: readonly Cluster[] = [lab, kubernetes, kind, simulated];
