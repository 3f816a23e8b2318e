/** `meshtax doctor --cluster CONTEXT`: can it be measured, and what will spoil the figures? Nothing is changed. */
import { reasonOf } from '../../model/errors.ts';
import type { Finding } from '../../model/findings.ts';
import type { System } from '../../model/ports.ts';
import type { Kubectl } from './kubectl.ts';
import { isSchedulable, nodesOf, quantityOf, shapesOf, type Node } from './nodes.ts';
import { PERMISSIONS, type Permission } from './permissions.ts';
import { visit } from './visit.ts';

type Verdict = Omit<Finding, 'code' | 'title'>;

interface Examination {
  readonly kubectl: Kubectl;
  readonly system: System;
  readonly nodes: readonly Node[];
}

interface ContextCheck {
  readonly code: string;
  readonly title: string;
  readonly run: (examination: Examination) => Promise<Verdict>;
}

const ok = (detail: string): Verdict => ({ level: 'ok', detail, why: '', fix: '' });
const problem = (level: 'warning' | 'error' | 'info', detail: string, why: string, fix: string): Verdict => ({ level, detail, why, fix });

const OLDEST_MINOR = 28;
/** A pod pair of one arm wants a CPU on each side; below this nothing is left for a proxy. */
const LEAST_CPUS = 2;
const MOST_CLOCK_OFFSET_MS = 100;
const NEEDED_SERIES = [
  'container_cpu_usage_seconds_total',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'container_network_receive_bytes_total',
];

/** By `doctor --cluster`. */
export const CHECKS: readonly ContextCheck[] = [
  { code: 'MT0501', title: 'versions', run: versions },
  { code: 'MT0502', title: 'permissions', run: permissions },
  { code: 'MT0503', title: 'nodes', run: nodeShapes },
  { code: 'MT0504', title: 'room for the pods', run: headroom },
  { code: 'MT0505', title: 'network plugin and meshes', run: meshes },
  { code: 'MT0506', title: 'admission webhooks', run: webhooks },
  { code: 'MT0507', title: 'cAdvisor through the API server', run: cadvisorSeries },
  { code: 'MT0508', title: 'whole-node figures', run: resourceSeries },
  { code: 'MT0509', title: 'flows by Hubble Relay', run: relay },
  { code: 'MT0510', title: 'clock of the API server', run: clockOffset },
  { code: 'MT0511', title: 'leftovers of earlier runs', run: leftovers },
];

export async function examineContext(system: System, context: string): Promise<readonly Finding[]> {
  return visit(system, context, async (kubectl) => {
    const examination = { kubectl, system, nodes: await nodesOf(kubectl) };
    return Promise.all(
      CHECKS.map(async ({ code, title, run }): Promise<Finding> => ({ code, title, ...(await attempted(run, examination)) })),
    );
  });
}

/** A check that cannot be made is itself a result. */
async function attempted(run: ContextCheck['run'], examination: Examination): Promise<Verdict> {
  try {
    return await run(examination);
  } catch (error) {
    return problem('error', `it could not be examined: ${reasonOf(error)}`, 'nothing is known about this', '');
  }
}

async function versions({ kubectl, system, nodes }: Examination): Promise<Verdict> {
  const { gitVersion, minor } = await kubectl.get<{ gitVersion: string; minor: string }>('/version');
  const client = JSON.parse((await kubectl.run(['version', '--client', '--output=json'])).stdout) as {
    clientVersion?: { gitVersion?: string };
  };
  const helm = await system.processes.run(['helm', 'version', '--short'], { mayFail: true });
  const kubelets = [...new Set(nodes.map(({ status }) => status.nodeInfo.kubeletVersion))].join(', ');
  const detail = `Kubernetes ${gitVersion}, kubelets ${kubelets}, kubectl ${client.clientVersion?.gitVersion ?? '?'}, helm ${helm.exitCode === 0 ? helm.stdout.trim() : 'not installed'}`;
  if (Number.parseInt(minor, 10) < OLDEST_MINOR)
    return problem(
      'warning',
      detail,
      `native sidecars and labels used here are newer than 1.${OLDEST_MINOR}`,
      'measure on a newer cluster',
    );
  if (helm.exitCode !== 0)
    return problem(
      'info',
      detail,
      'without helm only meshes that are there already can be measured (mode: use)',
      'install helm for mode: install',
    );
  return ok(detail);
}

async function permissions({ kubectl }: Examination): Promise<Verdict> {
  const refused: Permission[] = [];
  for (const each of PERMISSIONS) {
    const subresource = each.subresource === undefined ? [] : [`--subresource=${each.subresource}`];
    const args = ['auth', 'can-i', each.verb, each.resource, ...subresource, ...(each.clusterWide ? ['--all-namespaces'] : [])];
    const { stdout } = await kubectl.run(args, { mayFail: true });
    if (!/^yes/m.test(stdout)) refused.push(each);
  }
  const needed = refused.filter(({ optional }) => optional !== true);
  const words = (list: readonly Permission[]) =>
    list
      .map(({ verb, resource, subresource, why }) => `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} (${why})`)
      .join('; ');
  if (needed.length > 0)
    return problem(
      'error',
      `not allowed: ${words(needed)}`,
      'a run would stop there',
      'ask for these rights; docs/kubernetes.md has them as a ClusterRole',
    );
  if (refused.length > 0) return problem('info', `not allowed, and only needed for some options: ${words(refused)}`, '', '');
  return ok(`all ${PERMISSIONS.length} that a run can need`);
}

async function nodeShapes({ nodes }: Examination): Promise<Verdict> {
  const usable = nodes.filter(isSchedulable);
  const shapes = shapesOf(usable);
  const kernels = new Set(usable.map(({ status }) => status.nodeInfo.bootID)).size;
  const detail = `${usable.length} of ${nodes.length} take pods: ${shapes.join(' | ')}; ${[...new Set(usable.map(({ status }) => status.nodeInfo.containerRuntimeVersion))].join(', ')}`;
  if (usable.length === 0) return problem('error', detail, 'nothing can run', 'make a node schedulable');
  if (kernels < usable.length)
    return problem(
      'warning',
      `${detail}; they share ${kernels} kernel${kernels === 1 ? '' : 's'}`,
      'client, proxies and server compete for the same CPUs: rank datapaths, do not copy figures',
      'use nodes that are machines of their own',
    );
  if (usable.length === 1)
    return problem(
      'warning',
      detail,
      'client and server share the node: cross-node is not possible',
      'set placement: same-node, or add a node',
    );
  if (shapes.length > 1)
    return problem('warning', detail, 'pods on unequal nodes are compared with each other', 'name equal ones in `nodes`');
  return ok(detail);
}

async function headroom({ kubectl, nodes }: Examination): Promise<Verdict> {
  interface Pods {
    readonly items: readonly {
      readonly spec: {
        readonly nodeName?: string;
        readonly containers: readonly { readonly resources?: { readonly requests?: Record<string, string> } }[];
      };
      readonly status: { readonly phase: string };
    }[];
  }
  const { items } = await kubectl.get<Pods>('/api/v1/pods?limit=5000');
  const free = nodes.filter(isSchedulable).map(({ metadata, status }) => {
    const own = items.filter(({ spec, status: { phase } }) => spec.nodeName === metadata.name && phase === 'Running');
    const used = own
      .flatMap(({ spec }) => spec.containers)
      .reduce((sum, { resources }) => sum + (quantityOf(resources?.requests?.['cpu']) || 0), 0);
    return { name: metadata.name, cpus: quantityOf(status.allocatable?.['cpu']) - used };
  });
  const detail = free.map(({ name, cpus }) => `${name} ${cpus.toFixed(1)} CPUs`).join(', ');
  const tight = free.filter(({ cpus }) => cpus < LEAST_CPUS);
  if (tight.length === 0) return ok(`unreserved: ${detail}`);
  return problem(
    'warning',
    `unreserved: ${detail}`,
    'every datapath has a client and a server pod of 1 CPU each at the same time, with sidecars more',
    'fewer datapaths, smaller `resources`, `qos: burstable`, or larger nodes',
  );
}

async function meshes({ kubectl }: Examination): Promise<Verdict> {
  const cilium = await kubectl.find<{ data: Record<string, string> }>('/api/v1/namespaces/kube-system/configmaps/cilium-config');
  const istiod = await kubectl.find<{ spec: { template: { spec: { containers: readonly { image: string }[] } } } }>(
    '/apis/apps/v1/namespaces/istio-system/deployments/istiod',
  );
  const ztunnel = await kubectl.find('/apis/apps/v1/namespaces/istio-system/daemonsets/ztunnel');
  const linkerd = await kubectl.find('/api/v1/namespaces/linkerd');
  const routing = cilium?.data['routing-mode'];
  const parts = [
    cilium ? `Cilium (${routing ?? 'tunnel'} routing)` : 'another network plugin than Cilium',
    ...(istiod ? [`Istio ${istiod.spec.template.spec.containers[0]?.image ?? ''}${ztunnel ? ' with ztunnel' : ''}`] : []),
    ...(linkerd ? ['Linkerd'] : []),
  ];
  const detail = parts.join(', ');
  const hostOnly = cilium?.data['bpf-lb-sock-hostns-only'] === 'true';
  if (cilium && istiod && !hostOnly)
    return problem(
      'warning',
      detail,
      'Cilium’s socket balancing rewrites service addresses before a sidecar or ztunnel sees them',
      'set socketLB.hostNamespaceOnly=true',
    );
  if (cilium && ztunnel && cilium.data['enable-bpf-masquerade'] === 'true')
    return problem('warning', detail, 'ambient mode does not work with bpf.masquerade=true', 'bind them to different contexts');
  if (linkerd) return problem('warning', detail, 'its webhook may add proxies to pods', 'measure on a cluster without it');
  return ok(detail);
}

async function webhooks({ kubectl }: Examination): Promise<Verdict> {
  const { items } = await kubectl.get<{ items: readonly { metadata: { name: string } }[] }>(
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  );
  const names = items.map(({ metadata }) => metadata.name);
  const foreign = names.filter((name) => !/istio|cilium|cert-manager/.test(name));
  if (foreign.length === 0) return ok(names.length === 0 ? 'none changes pods' : names.join(', '));
  return problem(
    'info',
    `others that may change pods: ${foreign.join(', ')}`,
    'baselines refuse pods with containers that are not ours',
    '',
  );
}

async function cadvisorSeries({ kubectl, nodes }: Examination): Promise<Verdict> {
  const node = nodes.find(isSchedulable)?.metadata.name ?? '';
  const page = await kubectl.text(`/api/v1/nodes/${node}/proxy/metrics/cadvisor`);
  const missing = NEEDED_SERIES.filter((name) => !page.includes(`\n${name}{`));
  const stamped = /^container_cpu_usage_seconds_total\{[^\n]*\} \S+ \d{13}$/m.test(page);
  if (missing.length > 0)
    return problem(
      'warning',
      `${node} does not show ${missing.join(', ')}`,
      'what is absent is reported as not measured, never as 0',
      'set nodeAgent: true for CPU',
    );
  if (!stamped) return problem('warning', 'samples come without timestamps', 'rates over windows cannot be had', 'use the node agent');
  return ok(
    `${node} shows ${NEEDED_SERIES.length} of ${NEEDED_SERIES.length} series, with timestamps; sampled every 10 to 20 s: windows of a minute or more, or the node agent`,
  );
}

async function resourceSeries({ kubectl, nodes }: Examination): Promise<Verdict> {
  const node = nodes.find(isSchedulable)?.metadata.name ?? '';
  const page = await kubectl.text(`/api/v1/nodes/${node}/proxy/metrics/resource`);
  if (/^node_cpu_usage_seconds_total \S+ \d{13}$/m.test(page)) return ok(`${node} shows node_cpu_usage_seconds_total`);
  return problem('warning', `${node} does not show node_cpu_usage_seconds_total`, 'there is no whole-machine figure', 'use the node agent');
}

async function relay({ kubectl }: Examination): Promise<Verdict> {
  const cilium = await kubectl.find('/api/v1/namespaces/kube-system/configmaps/cilium-config');
  if (!cilium) return { level: 'not-applicable', detail: 'there is no Cilium', why: '', fix: '' };
  const service = await kubectl.find('/api/v1/namespaces/kube-system/services/hubble-relay');
  if (service) return ok('it is there, and is reached by a port-forward');
  return problem(
    'warning',
    'there is no hubble-relay',
    'flows are not counted, and the proof of the path rests on counters',
    'set hubble.relay.enabled=true, or give `hubble.address`',
  );
}

/** By the annotation of a lease that the control plane renews every two seconds. */
async function clockOffset({ kubectl, system }: Examination): Promise<Verdict> {
  const lease = await kubectl.find<{ spec: { renewTime?: string } }>(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler',
  );
  const renewed = lease?.spec.renewTime;
  if (renewed === undefined) return problem('info', 'no lease to read it from', 'generators measure the offsets of their own nodes', '');
  const aheadMs = Date.parse(renewed) - system.clock.wallTime().getTime();
  if (aheadMs < MOST_CLOCK_OFFSET_MS && aheadMs > -10_000)
    return ok(`at most ${Math.round(Math.abs(aheadMs))} ms from ours, as far as a lease tells`);
  return problem(
    'warning',
    `${Math.round(aheadMs)} ms from ours`,
    'windows are matched to samples by wall time',
    'synchronise the clocks (NTP)',
  );
}

async function leftovers({ kubectl }: Examination): Promise<Verdict> {
  const { items } = await kubectl.get<{ items: readonly { metadata: { name: string } }[] }>(
    `/api/v1/namespaces?labelSelector=${encodeURIComponent('meshtax/run')}`,
  );
  if (items.length === 0) return ok('none');
  return problem(
    'warning',
    items.map(({ metadata }) => metadata.name).join(', '),
    'pods of a dead run take CPU',
    `meshtax clean --cluster ${kubectl.context} --all`,
  );
}
