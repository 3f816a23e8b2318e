/** helm, argument arrays only, its context always named. */
import type { MeshRelease } from '../../model/contracts/kubernetes.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

/** Before it a release could not be labelled. */
const LEAST_VERSION = [3, 13] as const;
const INSTALL_TIMEOUT = '5m';

/** Where charts come from when the experiment does not say. */
const REPOSITORIES: Readonly<Record<string, { readonly repository: string; readonly name: string }>> = {
  'istio-base': { repository: 'https://istio-release.storage.googleapis.com/charts', name: 'base' },
  istiod: { repository: 'https://istio-release.storage.googleapis.com/charts', name: 'istiod' },
  'istio-cni': { repository: 'https://istio-release.storage.googleapis.com/charts', name: 'cni' },
  ztunnel: { repository: 'https://istio-release.storage.googleapis.com/charts', name: 'ztunnel' },
  cilium: { repository: 'https://helm.cilium.io', name: 'cilium' },
};

export class Helm {
  readonly #system: System;
  readonly #where: readonly string[];
  readonly #context: string;

  private constructor(system: System, { context, kubeconfig }: { context: string; kubeconfig: string | undefined }) {
    this.#system = system;
    this.#context = context;
    this.#where = [...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]), `--kube-context=${context}`];
  }

  /** @throws MeshtaxError MT5002 when it is missing or too old. */
  static async open(system: System, where: { context: string; kubeconfig: string | undefined }): Promise<Helm> {
    const { stdout, exitCode } = await system.processes.run(['helm', 'version', '--short'], { mayFail: true });
    const [, major = 0, minor = 0] = /v(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
    const [leastMajor, leastMinor] = LEAST_VERSION;
    if (exitCode !== 0) throw new MeshtaxError('MT5002', { program: 'helm', problem: 'it is not installed' });
    if (major < leastMajor || (major === leastMajor && minor < leastMinor))
      throw new MeshtaxError('MT5002', { program: 'helm', problem: `version ${stdout.trim()} is older than ${LEAST_VERSION.join('.')}` });
    return new Helm(system, where);
  }

  /** `own`: values over those of the file. `source`: a directory, an archive or an oci:// address; undefined: the chart's public repository. */
  async install(
    { release, namespace, chart, version, values }: MeshRelease,
    source: string | undefined,
    labels: Readonly<Record<string, string>>,
    own: object,
  ): Promise<void> {
    const { projectRoot } = this.#system.host;
    const known = REPOSITORIES[chart];
    if (source === undefined && !known)
      throw new MeshtaxError('MT5008', { release, context: this.#context, problem: `nothing says where the chart ${chart} is` });
    const from =
      source === undefined
        ? [known?.name ?? chart, `--repo=${known?.repository}`, `--version=${version}`]
        : [source, ...(source.startsWith('oci://') ? [`--version=${version}`] : [])];
    const labelled = Object.entries(labels).map(([key, value]) => `--labels=${key}=${value}`);
    const args = [
      'install',
      release,
      ...from,
      `--namespace=${namespace}`,
      '--create-namespace',
      `--values=${projectRoot}/clusters/kubernetes/${values}`,
      '--values=-',
      ...labelled,
      '--wait',
      `--timeout=${INSTALL_TIMEOUT}`,
    ];
    const { exitCode, stderr } = await this.#run(args, 330_000, JSON.stringify(own));
    if (exitCode !== 0)
      throw new MeshtaxError('MT5008', { release, context: this.#context, problem: stderr.trim().split('\n').at(-1)?.slice(0, 400) ?? '' });
  }

  /** Only what carries our label. False: there is none such. @throws MeshtaxError MT5008 when it stays. */
  async uninstall(release: string, namespace: string, label: string): Promise<boolean> {
    const own = await this.#run(['list', `--namespace=${namespace}`, '--all', `--selector=${label}`, '--short'], 60_000);
    if (!own.stdout.split('\n').includes(release)) return false;
    const { exitCode, stderr } = await this.#run(['uninstall', release, `--namespace=${namespace}`, '--wait', '--timeout=2m'], 150_000);
    if (exitCode === 0) return true;
    throw new MeshtaxError('MT5008', { release, context: this.#context, problem: stderr.trim().split('\n').at(-1)?.slice(0, 400) ?? '' });
  }

  #run(args: readonly string[], timeoutMs: number, input?: string) {
    return this.#system.processes.run(['helm', ...args, ...this.#where], {
      timeoutMs,
      mayFail: true,
      ...(input === undefined ? {} : { input }),
    });
  }
}
