/** A datapath: how bytes get from client pod to server pod. One file a datapath, one line in the registry. */
import type { z } from 'zod';
import type { Selected } from '../experiment.ts';
import type { Features } from '../features.ts';
import type { KubernetesDatapath } from './kubernetes.ts';
import type { LabDatapath } from './lab-site.ts';

export interface Datapath {
  readonly id: string;
  readonly title: string;
  /** Schema of its entry in an experiment. */
  readonly schema: z.ZodType<Selected>;
  features(options: unknown): Features;
  /** Present when it can be deployed in the embedded lab. */
  readonly lab?: LabDatapath;
  /** Present when it can be deployed on a Kubernetes cluster. */
  readonly kubernetes?: KubernetesDatapath;
}
