/** The `cluster` entry of an experiment that runs on Kubernetes. */
import { z } from 'zod';
import { memberSchema } from '../../model/experiment.ts';

const name = z.string().regex(/^[A-Za-z0-9][\w.:@/-]{0,252}$/, 'expected the name of a kubeconfig context');
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Mi|Gi)?$/, 'expected a quantity, for instance 500m or 256Mi');
const resources = (cpu: string, memory: string) =>
  z.strictObject({ cpu: quantity.default(cpu), memory: quantity.default(memory) }).prefault({});

const hubble = z
  .strictObject({
    address: z.string().describe('host:port of Hubble Relay; without it a port-forward is made where Relay is found'),
    tls: z
      .strictObject({
        authority: z.string().describe('file with the certificate of the authority, PEM'),
        certificate: z.string().optional().describe('file with our own certificate, for mutual TLS'),
        key: z.string().optional(),
        serverName: z.string().optional().describe('expected in the certificate, for instance ui.hubble-relay.cilium.io'),
      })
      .optional(),
  })
  .optional();

/** What holds for a context, whichever datapaths live on it. */
const perContext = {
  context: name.describe('of the kubeconfig; the current context is never used'),
  kubeconfig: z.string().optional().describe('file; default: what kubectl finds by itself (KUBECONFIG)'),
  nodes: z
    .strictObject({ clients: z.array(z.string()).min(1), servers: z.array(z.string()).min(1) })
    .optional()
    .describe('where the pods go; default: the first schedulable nodes by name'),
  hubble,
};

export const sharedOptions = {
  placement: z.enum(['cross-node', 'same-node']).default('cross-node').describe('whether client and server pods share a node'),
  image: z
    .string()
    .regex(/^[\w][\w./:@-]{0,250}$/)
    .default('node:24-slim')
    .describe('any image with Node 22.18 or newer; generator and server are mounted into it'),
  imagePullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
  generators: z
    .number()
    .int()
    .min(1)
    .max(200)
    .default(1)
    .describe('client pods of each datapath, on different nodes where there are enough'),
  servers: z
    .number()
    .int()
    .min(1)
    .max(200)
    .default(1)
    .describe('server pods of each datapath, each on a node of its own; generators are shared out among them: pairs of nodes in parallel'),
  qos: z.enum(['guaranteed', 'burstable']).default('guaranteed').describe('guaranteed: limits equal requests; burstable: requests alone'),
  resources: z
    .strictObject({ generator: resources('1', '512Mi'), server: resources('1', '256Mi'), proxy: resources('1', '512Mi') })
    .prefault({})
    .describe('of each container; the proxy’s go to sidecars, so that the pod stays in its class'),
  nodeAgent: z
    .boolean()
    .default(false)
    .describe('a privileged pod on each node used reads /proc/stat, cgroups and bpf_stats at any moment'),
  requestsPerSecond: z.number().min(1).max(200).default(20).describe('reads asked of the API server, at most'),
  readyTimeoutSeconds: z.number().int().min(5).max(1800).default(180),
  charts: z
    .record(z.string(), z.string())
    .default({})
    .describe('where a chart comes from instead of its public repository: a directory, an archive or an oci:// address'),
  chartValues: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .default({})
    .describe('further values by chart, for instance a registry of your own; they are stored with the run'),
};

const others = z
  .array(
    z.strictObject({
      ...perContext,
      baseline: z.string().describe('the datapath of this context that its others are compared with'),
      datapaths: z.array(z.string()).min(1).describe('those of the experiment that live there'),
    }),
  )
  .default([])
  .describe('further contexts, for datapaths that cannot share a cluster');

export const kubernetesSchema = memberSchema('kubernetes', z.object({ ...perContext, ...sharedOptions, others }));

export type KubernetesOptions = z.output<ReturnType<typeof optionsSchema>>;
function optionsSchema() {
  return z.object({ ...perContext, ...sharedOptions, others });
}

/** A context and the datapaths bound to it; `undefined`: all that no other claims. */
export interface Binding extends Pick<KubernetesOptions, 'context' | 'kubeconfig' | 'nodes' | 'hubble'> {
  readonly baseline: string | undefined;
  readonly datapaths: readonly string[] | undefined;
}

export function bindingsOf(options: KubernetesOptions): readonly [Binding, ...Binding[]] {
  const { context, kubeconfig, nodes, hubble: relay } = options;
  return [{ context, kubeconfig, nodes, hubble: relay, baseline: undefined, datapaths: undefined }, ...options.others];
}

export function bindingOf(options: KubernetesOptions, arm: string): Binding {
  const [first, ...others] = bindingsOf(options);
  return others.find(({ datapaths }) => datapaths?.includes(arm)) ?? first;
}
