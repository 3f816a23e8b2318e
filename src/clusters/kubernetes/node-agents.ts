/** The agents of a context: a privileged DaemonSet on the nodes used, asked through exec streams. */
import type { NodeMoment, PushUndo, Role, WireCount } from '../../model/contracts/deployment.ts';
import type { KubernetesApi, KubernetesObject } from '../../model/contracts/kubernetes.ts';
import { parseCpuTime } from '../../model/cpu-time.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { RunningProcess, System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { ARM_LABEL, labelsOf, runNamespace } from './names.ts';
import type { WireEnds } from './node-agent/capture.ts';
import type { NodeReading, Question } from './node-agent/reading.ts';
import type { KubernetesOptions } from './options.ts';
import { bundleObject, bundleVolumes, scriptAs, SCRIPT, UNPACK } from './manifests.ts';
import { containerIdOf, listPods, waitForPods } from './pods.ts';

const ANSWER_MS = 10_000;
/** tcpdump begins, and ends, in its own time. */
const WATCH_ANSWER_MS = 30_000;
const ARM = 'node-agent';

export class NodeAgents {
  readonly #agents: ReadonlyMap<string, Agent>;
  /** Containers of Cilium's agents, as the API has them. */
  readonly #trusted: readonly string[];

  private constructor(agents: ReadonlyMap<string, Agent>, trusted: readonly string[]) {
    this.#agents = agents;
    this.#trusted = trusted;
  }

  /** @throws MeshtaxError MT5004 when they do not come up, for instance where privileged pods are not allowed. */
  static async start(
    system: System,
    context: Context,
    run: string,
    options: KubernetesOptions,
    bundle: string,
    logs: string,
    undo: PushUndo,
  ): Promise<NodeAgents> {
    const { kubectl, chosen } = context;
    const namespace = runNamespace(run);
    const nodes = [...new Set([...chosen.clients, ...chosen.servers])];
    await kubectl.apply(agentObjects(namespace, run, nodes, options, bundle));
    const pods = await waitForPods(kubectl, system.clock, {
      namespace,
      arm: ARM,
      count: nodes.length,
      timeoutMs: options.readyTimeoutSeconds * 1000,
    });
    const agents = new Map<string, Agent>();
    for (const { metadata, spec } of pods) {
      const node = spec.nodeName ?? '';
      const agent = new Agent(node);
      undo(`the node agent of ${node}`, () => agent.stop());
      agent.process = kubectl.startIn({ namespace, name: metadata.name }, ARM, scriptAs('node-agent'), {
        logFile: `${logs}/node-agent-${node.replaceAll(/[^\w.-]/g, '_')}.log`,
        onLine: (line) => agent.hear(line),
      });
      agents.set(node, agent);
    }
    return new NodeAgents(agents, await ciliumAgents(kubectl));
  }

  #agentOf(node: string): Agent {
    const agent = this.#agents.get(node);
    if (!agent) throw new Error(`there is no agent on ${node}`);
    return agent;
  }

  /** @throws MeshtaxError MT3009 where the node has no tcpdump, or no way to the other. */
  async watch(node: string, ends: WireEnds): Promise<{ end(): Promise<WireCount> }> {
    const agent = this.#agentOf(node);
    await agent.ask({ op: 'watch', ends });
    return { end: () => agent.ask<WireCount>({ op: 'watched' }) };
  }

  /** `containers`: of the deployment on that node, by container id. */
  async moment(
    node: string,
    containers: readonly { readonly role: Role; readonly id: string }[],
    edge: 'first' | 'last',
  ): Promise<NodeMoment> {
    const agent = this.#agentOf(node);
    const reading = await agent.ask<NodeReading>({
      op: 'moment',
      containers: containers.map(({ id }) => id),
      trusted: this.#trusted,
      edge,
    });
    return {
      cpu: parseCpuTime(reading.procStat),
      components: containers.map(({ role, id }) => ({ role, cpuNs: reading.containersNs[id] ?? Number.NaN })),
      networkSoftirqs: networkSoftirqs(reading.softirqs),
      bpf: reading.bpf ? { ...reading.bpf, isCounted: reading.countsBpf } : undefined,
    };
  }
}

/** Container ids; none where there is no Cilium. */
async function ciliumAgents(api: KubernetesApi): Promise<readonly string[]> {
  const pods = await listPods(api, 'kube-system', 'k8s-app=cilium');
  return pods.map((pod) => containerIdOf(pod, 'cilium-agent')).filter((id) => id !== '');
}

/** NET_TX and NET_RX of /proc/softirqs, all CPUs. */
export function networkSoftirqs(text: string): number {
  const rows = text.split('\n').filter((line) => /^\s*NET_[TR]X:/.test(line));
  return rows.flatMap((line) => line.trim().split(/\s+/).slice(1)).reduce((sum, each) => sum + Number(each), 0);
}

/** One question at a time, an answer a line. */
class Agent {
  process: RunningProcess | undefined;
  readonly #node: string;
  #waiting: ((line: string) => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(node: string) {
    this.#node = node;
  }

  hear(line: string): void {
    this.#waiting?.(line);
    this.#waiting = undefined;
  }

  ask<Answer>(question: Question): Promise<Answer> {
    const asked = this.#queue.then(() => this.#askNow(question));
    this.#queue = asked.catch(() => {});
    return asked as Promise<Answer>;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  #askNow(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const failed = (problem: string) => new MeshtaxError('MT3009', { command: `node agent on ${this.#node}`, problem });
      if (this.process?.outcome()) {
        reject(failed('its stream broke'));
        return;
      }
      const timer = setTimeout(
        () => {
          this.#waiting = undefined;
          reject(failed('no answer'));
          // An answer that comes later would be taken for that of the next question.
          void this.process?.stop();
        },
        question.op === 'moment' ? ANSWER_MS : WATCH_ANSWER_MS,
      );
      this.#waiting = (line) => {
        clearTimeout(timer);
        try {
          const answer = JSON.parse(line) as { problem?: string };
          if (answer.problem === undefined) resolve(answer);
          else reject(failed(answer.problem));
        } catch {
          reject(failed('it was cut off')); // a stream that breaks ends in the middle of a line
        }
      };
      this.process?.writeLine(JSON.stringify(question));
    });
  }
}

function agentObjects(
  namespace: string,
  run: string,
  nodes: readonly string[],
  { image, imagePullPolicy }: KubernetesOptions,
  bundle: string,
): KubernetesObject[] {
  const labels = { ...labelsOf(run), [ARM_LABEL]: ARM, app: ARM };
  const hostPath = (path: string) => ({ hostPath: { path, type: 'Directory' } });
  const { volumes, forUnpack, forUse } = bundleVolumes();
  const pod = {
    hostPID: true,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 5,
    tolerations: [{ operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          // One value each: that is all the API takes. Terms are alternatives.
          nodeSelectorTerms: nodes.map((name) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] })),
        },
      },
    },
    volumes: [
      ...volumes,
      { name: 'kept', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'proc', ...hostPath('/proc') },
      { name: 'cgroup', ...hostPath('/sys/fs/cgroup') },
    ],
    initContainers: [{ name: 'unpack', image, imagePullPolicy, command: ['node', '-e', UNPACK], volumeMounts: forUnpack }],
    containers: [
      {
        name: ARM,
        image,
        imagePullPolicy,
        command: ['node', SCRIPT, 'hold-bpf-stats'],
        securityContext: { privileged: true, runAsUser: 0 },
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
        volumeMounts: [
          ...forUse,
          { name: 'kept', mountPath: '/kept' },
          { name: 'proc', mountPath: '/host/proc' },
          { name: 'cgroup', mountPath: '/host/cgroup', readOnly: true },
        ],
      },
    ],
  };
  return [
    bundleObject(namespace, labels, bundle),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: ARM, namespace, labels },
      spec: { selector: { matchLabels: { app: ARM } }, template: { metadata: { labels }, spec: pod } },
    },
  ];
}
