/** A kind cluster of the run's own: made before it, deleted after it. Needs Docker and kind on this machine. */
import { z } from 'zod';
import type { CleanReport, CleanRequest, Cluster, OpenClusterOptions } from '../../model/contracts/cluster.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import { memberSchema, type Selected } from '../../model/experiment.ts';
import type { System } from '../../model/ports.ts';
import { kubernetes } from '../kubernetes/kubernetes.ts';
import { kubernetesSchema, sharedOptions } from '../kubernetes/options.ts';
import { runtimeDirectory } from '../kubernetes/visit.ts';

const PREFIX = 'meshtax-';
/** Images are pulled, nodes boot. */
const DELETE_MS = 2 * 60_000;
const CREATE_MS = 15 * 60_000;

const options = z.object({
  ...sharedOptions,
  network: z
    .enum(['kindnet', 'none'])
    .default('kindnet')
    .describe('none: no network plugin and no kube-proxy, for Cilium in mode: install'),
  nodeImage: z.string().optional().describe('kindest/node image; default: the one of the installed kind'),
});
type Options = z.output<typeof options>;

export const kind: Cluster = {
  id: 'kind',
  title: 'kind: a Kubernetes in containers of this machine',
  schema: memberSchema('kind', options),
  drivesTogether: false,
  readsCpuAtAnyMoment: (selected) => optionsOf(selected).nodeAgent,
  describe: (experiment, datapaths) => [
    `a kind cluster ${PREFIX}<run> of three nodes (clusters/kind/${fileOf(optionsOf(experiment.cluster))}), deleted at the end`,
    ...kubernetes.describe({ ...experiment, cluster: onContext(experiment.cluster, `kind-${PREFIX}<run>`) }, datapaths),
  ],
  open,
  doctor: [
    {
      stage: 'doctor',
      code: 'MT0151',
      title: 'Docker and kind',
      run: async (system) => {
        try {
          return { level: 'ok', detail: await versionsOf(system), why: '', fix: '' };
        } catch (error) {
          return {
            level: 'error',
            detail: reasonOf(error),
            why: 'no kind cluster can be made',
            fix: 'install Docker and kind, or use a context of your own',
          };
        }
      },
    },
  ],
  clean,
};

async function open(selected: Selected, system: System, opening: OpenClusterOptions, undo: PushUndo) {
  const chosen = optionsOf(selected);
  const version = await versionsOf(system);
  const name = `${PREFIX}${opening.runId}`;
  const directory = runtimeDirectory(system, `${opening.runId}-kind`);
  const kubeconfig = `${directory}/kubeconfig`;
  undo('the kubeconfig of the kind cluster', () => system.files.remove(directory));
  await system.files.makeDirectory(directory, { mode: 0o700 });
  undo(
    `the kind cluster ${name}`,
    async () => void (await run(system, ['kind', 'delete', 'cluster', `--name=${name}`, `--kubeconfig=${kubeconfig}`])),
    DELETE_MS,
  );
  const config = `--config=${system.host.projectRoot}/clusters/kind/${fileOf(chosen)}`;
  const image = chosen.nodeImage === undefined ? [] : [`--image=${chosen.nodeImage}`];
  // Without a network plugin its nodes cannot become ready yet.
  const wait = chosen.network === 'none' ? [] : ['--wait=180s'];
  await run(system, ['kind', 'create', 'cluster', `--name=${name}`, config, `--kubeconfig=${kubeconfig}`, ...image, ...wait]);
  // An image that this machine has need not come from a registry.
  await system.processes.run(['kind', 'load', 'docker-image', chosen.image, `--name=${name}`], { mayFail: true, timeoutMs: CREATE_MS });
  const session = await kubernetes.open(onContext(selected, `kind-${name}`, kubeconfig), system, opening, undo);
  Object.assign(session.facts, { environment: 'kind', kind: version });
  return session;
}

/** As ids of runs are: a cluster that somebody called `meshtax-dev` is not ours. */
const OURS = /^meshtax-[a-z0-9]{6}$/;

/** Only clusters that carry our prefix and a run's id are ours. */
async function clean(system: System, { run: only, force }: CleanRequest): Promise<CleanReport> {
  const { stdout } = await run(system, ['kind', 'get', 'clusters']);
  const names = stdout.split('\n').filter((name) => OURS.test(name) && (only === undefined || name === `${PREFIX}${only}`));
  if (!force && only === undefined && names.length > 0)
    return {
      removed: [],
      kept: names.map((name) => `kind cluster ${name}: it may be in use (--force, or --run ${name.slice(PREFIX.length)})`),
      failed: [],
    };
  const report = { removed: [] as string[], kept: [], failed: [] as string[] };
  for (const name of names) {
    try {
      await run(system, ['kind', 'delete', 'cluster', `--name=${name}`]);
      const id = name.slice(PREFIX.length);
      for (const what of [id, `${id}-kind`]) await system.files.remove(runtimeDirectory(system, what));
      report.removed.push(`kind cluster ${name}`);
    } catch (error) {
      report.failed.push(`kind cluster ${name}: ${reasonOf(error)}`);
    }
  }
  return report;
}

/** @throws MeshtaxError MT5002 when one of them is missing or does not answer. */
async function versionsOf(system: System): Promise<string> {
  const docker = await run(system, ['docker', 'version', '--format={{.Server.Version}}']);
  const version = await run(system, ['kind', 'version']);
  return `${version.stdout.trim()}, Docker ${docker.stdout.trim()}`;
}

async function run(system: System, command: readonly [string, ...string[]]) {
  const result = await system.processes.run(command, { mayFail: true, timeoutMs: CREATE_MS });
  if (result.exitCode === 0) return result;
  const words = result.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  throw new MeshtaxError('MT5002', { program: command[0], problem: words === '' ? 'it is not installed' : words });
}

function onContext(selected: Selected, context: string, kubeconfig?: string): Selected {
  const { network: _network, nodeImage: _nodeImage, ...shared } = optionsOf(selected);
  const parsed = kubernetesSchema.parse({ id: 'kubernetes', context: 'kind', ...shared });
  return { ...parsed, options: { ...(parsed.options as object), context, ...(kubeconfig === undefined ? {} : { kubeconfig }) } };
}

function fileOf({ network }: Options): string {
  return network === 'none' ? 'no-cni.yaml' : 'kindnet.yaml';
}

function optionsOf(selected: Selected): Options {
  return selected.options as Options; // its schema made them
}
