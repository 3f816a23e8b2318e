/** Meshes that a run installs itself, and removes again: exactly those releases, and what their charts leave behind. */
import { z } from 'zod';
import type { RunIntent } from '../../model/contracts/cluster.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { KubernetesApi, MeshRelease } from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Experiment } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { Helm } from './helm.ts';
import type { Kubectl } from './kubectl.ts';
import { labelsOf, RUN_LABEL, runNamespace } from './names.ts';
import { bindingOf, type KubernetesOptions } from './options.ts';

const INVENTORY = 'inventory';
/** Helm waits for what it removes. */
const REMOVAL_MS = 5 * 60_000;

/**
 * What the run made outside of its namespaces; kept in the cluster, for whoever cleans up. `before`: names by kind, as they
 * were before the first release.
 */
const inventorySchema = z.object({
  releases: z.array(z.object({ release: z.string(), namespace: z.string() })).min(1),
  before: z.record(z.string(), z.array(z.string())),
});
type Inventory = z.infer<typeof inventorySchema>;

/**
 * Kinds that charts and their controllers make and that outlive a release, and how those are called: nothing of another
 * name is ever removed, however new it is. A namespace only if it is the one that the chart goes into.
 */
const OUTLIVING = [
  { kind: 'customresourcedefinition', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', theirs: /\.(istio|cilium)\.io$/ },
  {
    kind: 'mutatingwebhookconfiguration',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    theirs: /^istio-(sidecar-injector|revision-tag-default)/,
  },
  {
    kind: 'validatingwebhookconfiguration',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    theirs: /^(istiod-default-validator|istio-validator-istio-system)$/,
  },
  { kind: 'clusterrole', path: '/apis/rbac.authorization.k8s.io/v1/clusterroles', theirs: /^(istiod|istio-reader|cilium)(-|$)/ },
  {
    kind: 'clusterrolebinding',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    theirs: /^(istiod|istio-reader|cilium)(-|$)/,
  },
  { kind: 'gatewayclass', path: '/apis/gateway.networking.k8s.io/v1/gatewayclasses', theirs: /^(istio(-waypoint|-remote)?|cilium)$/ },
  { kind: 'namespace', path: '/api/v1/namespaces', theirs: /^(istio-system|cilium-secrets)$/ },
  { kind: 'configmap', path: '/api/v1/configmaps', theirs: /\/istio-ca-(root-cert|crl)$/ },
] as const;

/** @throws MeshtaxError MT5009 when two datapaths want the same release with other values. */
export function plannedReleases(
  experiment: Experiment,
  datapaths: RunIntent['datapaths'],
  options: KubernetesOptions,
  context: string,
): readonly MeshRelease[] {
  const wanted = experiment.datapaths
    .filter(({ name }) => bindingOf(options, name).context === context)
    .flatMap(({ id, options: own }) => datapaths.find((each) => each.id === id)?.kubernetes?.releases?.(own) ?? []);
  const releases = new Map<string, MeshRelease>();
  for (const release of wanted) {
    const known = releases.get(release.release);
    if (known && (known.values !== release.values || known.version !== release.version))
      throw new MeshtaxError('MT5009', {
        what: 'installation',
        problem: `two datapaths on ${context} want ${release.release} with other values (${known.values}, ${release.values}); bind one of them to another context`,
      });
    releases.set(release.release, release);
  }
  return [...releases.values()];
}

/** False: there was nothing to install. */
export async function installMeshes(
  system: System,
  context: Context,
  { experiment, datapaths, runId }: RunIntent & { readonly runId: string },
  options: KubernetesOptions,
  undo: PushUndo,
): Promise<boolean> {
  const releases = plannedReleases(experiment, datapaths, options, context.name);
  if (releases.length === 0) return false;
  const helm = await Helm.open(system, { context: context.name, kubeconfig: context.binding.kubeconfig });
  undo(
    `what was installed on ${context.name}`,
    async () => void (await removeInstalled(system, context.kubectl, runId, context.binding.kubeconfig)),
    REMOVAL_MS,
  );
  const inventory: Inventory = {
    releases: releases.map(({ release, namespace }) => ({ release, namespace })),
    before: await outliving(context.kubectl),
  };
  await context.kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: INVENTORY, namespace: runNamespace(runId), labels: labelsOf(runId) },
      data: { 'inventory.json': JSON.stringify(inventory) },
    },
  ]);
  for (const release of releases) {
    const reached = release.chart === 'cilium' ? await apiServer(context.kubectl) : {};
    await helm.install(
      release,
      options.charts[release.chart],
      { [RUN_LABEL]: runId },
      { ...reached, ...options.chartValues[release.chart] },
    );
  }
  return true;
}

/** Returns what was removed, in words. */
export async function removeInstalled(system: System, kubectl: Kubectl, run: string, kubeconfig?: string): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${runNamespace(run)}/configmaps/${INVENTORY}`;
  const stored = await kubectl.find<{ data: Readonly<Record<string, string>> }>(path);
  const text = stored?.data['inventory.json'];
  if (text === undefined) return [];
  const inventory = inventorySchema.parse(JSON.parse(text));
  const helm = await Helm.open(system, { context: kubectl.context, kubeconfig });
  const removed: string[] = [];
  for (const { release, namespace } of inventory.releases.toReversed())
    if (await helm.uninstall(release, namespace, `${RUN_LABEL}=${run}`)) removed.push(`release ${release} in ${namespace}`);
  // Where none of our releases ever came to be, nothing can have been left by one.
  if (removed.length === 0) return [];
  const after = await outliving(kubectl);
  for (const { kind, theirs } of OUTLIVING) {
    const before = new Set(inventory.before[kind] ?? []);
    for (const id of (after[kind] ?? []).filter((each) => !before.has(each) && theirs.test(each))) {
      const [namespace, name] = id.includes('/') ? (id.split('/') as [string, string]) : [undefined, id];
      const where = namespace === undefined ? [] : [`--namespace=${namespace}`];
      await kubectl.run(['delete', kind, name, ...where, '--ignore-not-found', '--wait=false'], { timeoutMs: 60_000 });
      removed.push(`${kind} ${id}`);
    }
  }
  return removed;
}

/** Where the API server really listens: an agent that replaces kube-proxy cannot reach it by its service. */
async function apiServer(api: KubernetesApi): Promise<Record<string, string>> {
  interface Slices {
    readonly items: readonly {
      readonly endpoints: readonly { readonly addresses: readonly string[] }[];
      readonly ports: readonly { readonly port: number }[];
    }[];
  }
  const { items } = await api.get<Slices>(
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes',
  );
  const [slice] = items;
  const host = slice?.endpoints[0]?.addresses[0];
  const port = slice?.ports[0]?.port;
  return host === undefined || port === undefined ? {} : { k8sServiceHost: host, k8sServicePort: String(port) };
}

async function outliving(api: KubernetesApi): Promise<Record<string, string[]>> {
  const entries = OUTLIVING.map(async ({ kind, path }) => {
    const list = await api.find<{ items: readonly { metadata: { name: string; namespace?: string } }[] }>(path);
    const names = (list?.items ?? []).map(({ metadata: { name, namespace } }) => (namespace === undefined ? name : `${namespace}/${name}`));
    return [kind, names] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
