/** Meshes that a run installs itself, and removes again: exactly those releases, and what their charts leave behind. */
import { z } from 'zod';
import type { RunIntent } from '../../model/contracts/cluster.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { KubernetesApi, MeshRelease } from '../../model/contracts/kubernetes.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { Experiment } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { Helm } from './helm.ts';
import type { Kubectl } from './kubectl.ts';
import { GONE_MS } from './lease.ts';
import { INVENTORY, inventoryPath, labelsOf, RUN_LABEL, runNamespace } from './names.ts';
import { isReady, nodesOf } from './nodes.ts';
import { bindingOf, type KubernetesOptions } from './options.ts';

/** Helm waits for what it removes. */
const REMOVAL_MS = 5 * 60_000;

/**
 * What the run made outside of its namespaces; kept in the cluster, for whoever cleans up. `before`: names by kind, as they
 * were before the first release.
 */
const inventorySchema = z.object({
  releases: z.array(z.object({ release: z.string(), namespace: z.string() })).min(1),
  before: z.record(z.string(), z.array(z.string())),
  /** A release of ours came to be, and may be gone again: what is new since then may be its. */
  made: z.boolean().default(false),
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
  const { kubectl, name, binding } = context;
  const releases = plannedReleases(experiment, datapaths, options, name);
  if (releases.length === 0) return false;
  const helm = await Helm.open(system, { context: name, kubeconfig: binding.kubeconfig });
  undo(`what was installed on ${name}`, async () => void (await removeInstalled(system, kubectl, runId, binding.kubeconfig)), REMOVAL_MS);
  const before = await beforeAll(system, context, runId, releases);
  const inventory: Inventory = { releases: releases.map(({ release, namespace }) => ({ release, namespace })), before, made: false };
  await keep(kubectl, runId, inventory);
  for (const [index, release] of releases.entries()) {
    const reached = release.chart === 'cilium' ? await apiServer(kubectl) : {};
    await helm.install(
      release,
      options.charts[release.chart],
      { [RUN_LABEL]: runId },
      { ...reached, ...options.chartValues[release.chart] },
    );
    if (index === 0) await keep(kubectl, runId, { ...inventory, made: true });
  }
  return true;
}

/**
 * What there was before the first release of this run; where it was killed and goes on, what it made then is removed first, and the
 * list of then holds. @throws MeshtaxError MT5009 where Cilium would take the place of another network plugin.
 */
async function beforeAll(
  system: System,
  { kubectl, name, binding }: Context,
  run: string,
  releases: readonly MeshRelease[],
): Promise<Inventory['before']> {
  const stored = await storedInventory(kubectl, run);
  if (stored && (await removeInstalled(system, kubectl, run, binding.kubeconfig)).length > 0) {
    await untilRemoved(kubectl, system.clock, stored.before);
    return stored.before;
  }
  const ready = releases.some(({ chart }) => chart === 'cilium') && (await nodesOf(kubectl)).find(isReady);
  if (ready)
    throw new MeshtaxError('MT5009', {
      what: 'installation',
      problem: `${ready.metadata.name} of ${name} is ready already: a network plugin serves it, and Cilium would replace its configuration for good; use a cluster without one (kind with network: none), or mode: use`,
    });
  return outliving(kubectl);
}

async function untilRemoved(kubectl: Kubectl, clock: System['clock'], before: Inventory['before']): Promise<void> {
  const deadlineNs = clock.monotonicNs() + GONE_MS * 1e6;
  for (;;) {
    const [left] = newSince(before, await outliving(kubectl));
    if (!left) return;
    if (clock.monotonicNs() > deadlineNs)
      throw new MeshtaxError('MT5003', {
        context: kubectl.context,
        what: `${left.kind} ${left.id}`,
        problem: `it is still there ${GONE_MS / 1000} s after it was deleted`,
      });
    await clock.sleep(1000);
  }
}

function keep(kubectl: Kubectl, run: string, inventory: Inventory): Promise<void> {
  return kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: INVENTORY, namespace: runNamespace(run), labels: labelsOf(run) },
      data: { 'inventory.json': JSON.stringify(inventory) },
    },
  ]);
}

/** @throws MeshtaxError MT5003 for one that cannot be read: nobody knows what to remove, and it is not thrown away. */
async function storedInventory(kubectl: Kubectl, run: string): Promise<Inventory | undefined> {
  const path = inventoryPath(run);
  const stored = await kubectl.find<{ data?: Readonly<Record<string, string>> }>(path);
  const text = stored?.data?.['inventory.json'];
  if (text === undefined) return undefined;
  try {
    return inventorySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new MeshtaxError('MT5003', { context: kubectl.context, what: `GET ${path}`, problem: reasonOf(error) });
  }
}

/** Returns what was removed, in words. @throws MeshtaxError MT5008 for the first release that stays; the others are gone. */
export async function removeInstalled(system: System, kubectl: Kubectl, run: string, kubeconfig?: string): Promise<readonly string[]> {
  const inventory = await storedInventory(kubectl, run);
  if (!inventory) return [];
  const helm = await Helm.open(system, { context: kubectl.context, kubeconfig });
  let { made } = inventory;
  const removed: string[] = [];
  const failures: unknown[] = [];
  for (const { release, namespace } of inventory.releases.toReversed()) {
    const gone = await helm.uninstall(release, namespace, `${RUN_LABEL}=${run}`).catch((error: unknown) => void failures.push(error));
    if (gone !== true) continue;
    removed.push(`release ${release} in ${namespace}`);
    // The next attempt, should this one end here, finds no release any more.
    if (!made) await keep(kubectl, run, { ...inventory, made: true }).catch((error: unknown) => void failures.push(error));
    made = true;
  }
  if (failures.length > 0) throw failures[0];
  // Where none of our releases ever came to be, nothing can have been left by one.
  const left = made ? newSince(inventory.before, await outliving(kubectl)) : [];
  for (const { kind, id } of left) {
    const [namespace, name] = id.includes('/') ? (id.split('/') as [string, string]) : [undefined, id];
    const where = namespace === undefined ? [] : [`--namespace=${namespace}`];
    await kubectl.run(['delete', kind, name, ...where, '--ignore-not-found', '--wait=false'], { timeoutMs: 60_000 });
    removed.push(`${kind} ${id}`);
  }
  await kubectl.run(['delete', 'configmap', INVENTORY, `--namespace=${runNamespace(run)}`, '--ignore-not-found']);
  return removed;
}

function newSince(before: Inventory['before'], after: Inventory['before']): { kind: string; id: string }[] {
  return OUTLIVING.flatMap(({ kind, theirs }) => {
    const known = new Set(before[kind] ?? []);
    return (after[kind] ?? []).filter((id) => !known.has(id) && theirs.test(id)).map((id) => ({ kind, id }));
  });
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
