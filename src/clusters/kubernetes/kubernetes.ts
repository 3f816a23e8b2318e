/** Any kubeconfig contexts, with whatever meshes they have: the same experiment, on real machines. */
import type { Cluster, OpenClusterOptions, RunIntent } from '../../model/contracts/cluster.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Experiment, Selected } from '../../model/experiment.ts';
import type { Finding } from '../../model/findings.ts';
import type { System } from '../../model/ports.ts';
import { podScript } from './pod-script.ts';
import { cleanKubernetes } from './clean.ts';
import { Context } from './context.ts';
import { examineContext } from './doctor.ts';
import { installMeshes, plannedReleases } from './install.ts';
import { holdLease } from './lease.ts';
import { armNamespace, runNamespace } from './names.ts';
import { NodeAgents } from './node-agents.ts';
import { bindingOf, bindingsOf, kubernetesSchema, type KubernetesOptions } from './options.ts';
import { refuseProduction } from './production.ts';
import { KubernetesSession } from './session.ts';
import { runtimeDirectory } from './visit.ts';

export const kubernetes: Cluster = {
  id: 'kubernetes',
  title: 'Kubernetes, by kubeconfig context',
  schema: kubernetesSchema,
  describe,
  baselines: (selected) =>
    Object.fromEntries(optionsOf(selected).others.flatMap(({ baseline, datapaths }) => datapaths.map((arm) => [arm, baseline]))),
  drivesTogether: false,
  readsCpuAtAnyMoment: (selected) => optionsOf(selected).nodeAgent,
  at: (context) => ({ context }),
  open,
  doctor: [],
  examine: examineContext,
  clean: cleanKubernetes,
};

/** Everything that a run makes, by context. */
function describe(experiment: Experiment, datapaths: RunIntent['datapaths']): readonly string[] {
  const options = optionsOf(experiment.cluster);
  return bindingsOf(options).flatMap(({ context }) => {
    const arms = experiment.datapaths
      .map(({ name }, index) => ({ name, index }))
      .filter(({ name }) => bindingOf(options, name).context === context);
    return [
      `on the context ${context}: namespace ${runNamespace('<run>')} with a lease and an inventory`,
      ...plannedReleases(experiment, datapaths, options, context).map(
        ({ release, namespace, chart, version }) => `  helm release ${release} (${chart} ${version}) in ${namespace}, removed at the end`,
      ),
      ...arms.map(({ name, index }) => {
        const datapath = datapaths.find(({ id }) => id === experiment.datapaths[index]?.id);
        const further = datapath?.kubernetes?.creates?.(experiment.datapaths[index]?.options) ?? [];
        const services = options.servers === 1 ? 'Service' : `${options.servers} Services`;
        const kinds = ['ConfigMap', services, `${options.generators + options.servers} Pods`, ...further];
        return `  namespace ${armNamespace('<run>', index, name)}: ${kinds.join(', ')}`;
      }),
      ...(options.nodeAgent
        ? [`  a privileged pod on each node used, in ${runNamespace('<run>')}: reads /proc, cgroups and bpf_stats`]
        : []),
      `  at most ${options.requestsPerSecond} reads a second of its API server`,
    ];
  });
}

async function open(selected: Selected, system: System, opening: OpenClusterOptions, undo: PushUndo): Promise<KubernetesSession> {
  const options = optionsOf(selected);
  const { intent } = opening;
  if (!intent) throw new Error('a context is opened for a run');
  requireBindings(options, intent.experiment);
  const script = await podScript(system.host.projectRoot);
  const directory = runtimeDirectory(system, opening.runId);
  undo('the directory of its sockets', () => system.files.remove(directory));
  await system.files.makeDirectory(directory, { mode: 0o700 });
  const contexts: Context[] = [];
  for (const binding of bindingsOf(options)) contexts.push(await Context.open(system, directory, binding, options, undo));
  const findings = contexts.flatMap(sharedKernel);
  for (const context of contexts) findings.push(...(await refuseProduction(context, intent.confirmed)));
  for (const context of contexts) {
    const { alone } = await holdLease(system, context, { run: opening.runId, allowConcurrent: opening.allowConcurrent }, undo);
    if (!alone) findings.push(concurrentRun(context));
  }
  for (const context of contexts) {
    const installed = await installMeshes(system, context, { ...intent, runId: opening.runId }, options, undo);
    await context.choose(options, installed ? options.readyTimeoutSeconds * 1000 : 0);
  }
  const nodeAgents = new Map<string, NodeAgents>();
  if (options.nodeAgent)
    for (const context of contexts)
      nodeAgents.set(context.name, await NodeAgents.start(system, context, opening.runId, options, script, opening.logDirectory, undo));
  return new KubernetesSession({
    system,
    options,
    contexts,
    run: opening.runId,
    bundle: script,
    nodeAgents,
    logDirectory: opening.logDirectory,
    facts: {
      ...Object.assign({}, ...contexts.map((context, index) => context.facts(index === 0 ? '' : `${context.name}.`))),
      placement: options.placement,
    },
    findings,
  });
}

function concurrentRun({ name }: Context): Finding {
  return {
    code: 'MT2002',
    level: 'warning',
    title: 'alone on the cluster',
    detail: `another run was measuring on ${name} at the same time`,
    why: 'each run’s load is in what the nodes used for the other',
    fix: 'run again without --allow-concurrent',
  };
}

/** Nodes that are containers or namespaces of one machine: said in every report. */
function sharedKernel(context: Context): Finding[] {
  const machines = context.machinesOf(context.nodes.map(({ metadata }) => metadata.name)).length;
  if (machines === context.nodes.length) return [];
  return [
    {
      code: 'MT0503',
      level: 'warning',
      title: 'nodes that are no machines of their own',
      detail: `the ${context.nodes.length} nodes of ${context.name} share ${machines === 1 ? 'one kernel' : `${machines} kernels`}`,
      why: 'client, proxies and server compete for the same CPUs, and no packet leaves the machine',
      fix: 'rank datapaths by it and read differences; do not copy absolute figures',
    },
  ];
}

/** @throws MeshtaxError MT5009. */
function requireBindings(options: KubernetesOptions, { datapaths, loads, baseline: common }: Experiment): void {
  const { others, generators, servers } = options;
  if (generators < servers)
    throw new MeshtaxError('MT5009', { what: 'share', problem: `${servers} servers need as many generators, there are ${generators}` });
  const few = loads.find(({ connections }) => connections < generators);
  if (few)
    throw new MeshtaxError('MT5009', {
      what: 'share',
      problem: `${generators} generators cannot share the ${few.connections} connections of ${few.name}`,
    });
  const contexts = bindingsOf(options).map(({ context }) => context);
  const twice = contexts.find((context, index) => contexts.indexOf(context) !== index);
  if (twice !== undefined)
    throw new MeshtaxError('MT5009', {
      what: 'cluster',
      problem: `${twice} is named twice; contexts of different files need different names`,
    });
  const names = datapaths.map(({ name }) => name);
  const bound = others.flatMap((other) => other.datapaths);
  for (const name of bound) {
    if (!names.includes(name)) throw new MeshtaxError('MT5009', { what: 'datapath', problem: `others binds ${name}` });
    if (bound.indexOf(name) !== bound.lastIndexOf(name))
      throw new MeshtaxError('MT5009', { what: 'binding', problem: `${name} is bound twice` });
  }
  if (bound.includes(common) && names.some((name) => !bound.includes(name)))
    throw new MeshtaxError('MT5009', {
      what: 'baseline',
      problem: `${common} lives on another context than the datapaths that no entry of \`others\` claims`,
    });
  for (const { baseline, datapaths: own, context } of others)
    if (!own.includes(baseline))
      throw new MeshtaxError('MT5009', { what: 'baseline', problem: `${baseline} is none of the datapaths of ${context}` });
}

function optionsOf(selected: Selected): KubernetesOptions {
  return selected.options as KubernetesOptions; // its schema made them
}
