/**
 * kubectl for one context, which is always named. Writes are commands; reads go through one `kubectl proxy` on a Unix
 * socket of our own, so that asking often costs a request and not a process, and kubectl brings the authentication.
 */
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { KubernetesApi, KubernetesObject } from '../../model/contracts/kubernetes.ts';
import type { CommandResult, RunningProcess, StartOptions, System } from '../../model/ports.ts';
import { Turnstile } from './turnstile.ts';

const READ_TIMEOUT_MS = 20_000;
const PROXY_START_MS = 10_000;
/** util-linux: Linux alone has it, and there the kernel tells a child that its parent is gone. */
const SETPRIV = '/usr/bin/setpriv';
const FIELD_MANAGER = 'meshtax';

export interface KubectlOptions {
  readonly context: string;
  readonly kubeconfig: string | undefined;
  /** Of reads; kubectl's own are few. */
  readonly requestsPerSecond: number;
}

export class Kubectl implements KubernetesApi {
  readonly context: string;
  readonly #system: System;
  readonly #prefix: readonly [string, ...string[]];
  readonly #turnstile: Turnstile;
  #leash: readonly string[] = [];
  #socket = '';
  #proxy: RunningProcess | undefined;

  private constructor(system: System, { context, kubeconfig, requestsPerSecond }: KubectlOptions) {
    this.#system = system;
    this.context = context;
    this.#prefix = ['kubectl', ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]), `--context=${context}`];
    this.#turnstile = new Turnstile(system.clock, requestsPerSecond);
  }

  /** `directory`: for its socket and log; of this user alone. @throws MeshtaxError MT5001, MT5002. */
  static async open(system: System, options: KubectlOptions, directory: string, undo: PushUndo): Promise<Kubectl> {
    if (options.context === '')
      throw new MeshtaxError('MT5001', {
        context: '',
        problem: 'it has no name',
        available: (await Kubectl.contexts(system, options.kubeconfig)).join(', '),
      });
    const kubectl = new Kubectl(system, options);
    await kubectl.#startProxy(directory, undo);
    return kubectl;
  }

  /** Contexts of the kubeconfig, for messages. @throws MeshtaxError MT5002 when there is no kubectl. */
  static async contexts(system: System, kubeconfig: string | undefined): Promise<readonly string[]> {
    const command = [
      'kubectl',
      ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
      'config',
      'get-contexts',
      '-o',
      'name',
    ] as const;
    const { stdout, exitCode, stderr } = await system.processes.run([...command] as [string, ...string[]], { mayFail: true });
    if (exitCode !== 0) throw new MeshtaxError('MT5002', { program: 'kubectl', problem: lastLine(stderr) || 'it is not installed' });
    return stdout.split('\n').filter((line) => line !== '');
  }

  async get<T>(path: string): Promise<T> {
    return this.#parse(path, await this.text(path)) as T;
  }

  async list<T>(path: string): Promise<{ readonly items: readonly T[] }> {
    const found = await this.get<{ readonly items?: unknown } | null>(path);
    if (!Array.isArray(found?.items)) throw this.#odd(path, 'it is no list');
    return found as { readonly items: readonly T[] };
  }

  async find<T>(path: string): Promise<T | undefined> {
    const { status, text } = await this.#ask(path, READ_TIMEOUT_MS);
    if (status === 404) return undefined;
    return this.#parse(path, this.#accept(path, status, text)) as T;
  }

  async text(path: string, timeoutMs = READ_TIMEOUT_MS): Promise<string> {
    const { status, text } = await this.#ask(path, timeoutMs);
    return this.#accept(path, status, text);
  }

  async exec(pod: { namespace: string; name: string }, container: string, command: readonly string[]): Promise<CommandResult> {
    return this.run(['exec', ...placeIn(pod, container), ...command]);
  }

  /** What is given is what there will be; objects of others are refused by the field manager's conflict. */
  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await this.run(['apply', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--filename=-'], { input, timeoutMs: 120_000 });
  }

  /** @throws MeshtaxError MT5003 with kubectl's own last words. */
  async run(args: readonly string[], options: { input?: string; timeoutMs?: number; mayFail?: boolean } = {}): Promise<CommandResult> {
    const result = await this.#system.processes.run([...this.#prefix, ...args], { timeoutMs: 60_000, ...options, mayFail: true });
    if (result.exitCode === 0 || options.mayFail === true) return result;
    const problem = complaintOf(result.stderr) || `kubectl ended with ${result.exitCode}`;
    throw new MeshtaxError('MT5003', { context: this.context, what: args.slice(0, 2).join(' '), problem });
  }

  /** A stream that stays open: an exec, a port-forward. It ends with us, however we end. */
  start(args: readonly string[], options: StartOptions): RunningProcess {
    return this.#system.processes.start([...this.#leash, ...this.#prefix, ...args] as [string, ...string[]], options);
  }

  /** A command in a container whose stdio is ours. */
  startIn(
    pod: { readonly namespace: string; readonly name: string },
    container: string,
    command: readonly string[],
    options: StartOptions,
  ): RunningProcess {
    return this.start(['exec', '--stdin', ...placeIn(pod, container), ...command], options);
  }

  /** They end when what is in them has; that is not waited for. */
  async deleteNamespaces(names: readonly string[], options: { mayFail?: boolean } = {}): Promise<CommandResult> {
    return this.run(['delete', 'namespace', ...names, '--ignore-not-found', '--wait=false'], options);
  }

  async #ask(path: string, timeoutMs: number): Promise<{ status: number; text: string }> {
    try {
      return await this.#turnstile.through(() => this.#system.http.get(this.#socket, path, timeoutMs));
    } catch (error) {
      throw new MeshtaxError('MT5003', { context: this.context, what: `GET ${path}`, problem: reasonOf(error) });
    }
  }

  /** What stands between us and the API server may answer with a page of its own. */
  #parse(path: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#odd(path, `it is no JSON: ${text.trim().slice(0, 80)}`);
    }
  }

  #odd(path: string, problem: string): MeshtaxError {
    return new MeshtaxError('MT5003', { context: this.context, what: `GET ${path}`, problem });
  }

  #accept(path: string, status: number, text: string): string {
    if (status === 200) return text;
    throw new MeshtaxError('MT5003', { context: this.context, what: `GET ${path}`, problem: `${status} ${messageOf(text)}` });
  }

  async #startProxy(directory: string, undo: PushUndo): Promise<void> {
    const { clock, http } = this.#system;
    // Not the context's name: two that begin alike must not meet in one socket.
    this.#socket = `${directory}/api-${this.#system.randomId(8)}.sock`;
    undo(`the API proxy of ${this.context}`, async () => this.#proxy?.stop());
    const logFile = `${this.#socket}.log`;
    this.#leash = (await this.#system.files.exists(SETPRIV)) ? [SETPRIV, '--pdeathsig=TERM', '--'] : [];
    this.#proxy = this.start(['proxy', `--unix-socket=${this.#socket}`], { logFile });
    for (const deadlineNs = clock.monotonicNs() + PROXY_START_MS * 1e6; ; await clock.sleep(50)) {
      const answer = await http.get(this.#socket, '/version', READ_TIMEOUT_MS).catch(() => undefined);
      if (answer?.status === 200) return;
      const ended = this.#proxy.outcome();
      if (answer === undefined && !ended && clock.monotonicNs() < deadlineNs) continue;
      const words = answer ? `${answer.status} ${messageOf(answer.text)}` : await this.#lastWords(logFile);
      throw new MeshtaxError('MT5001', {
        context: this.context,
        problem: words,
        available: (await Kubectl.contexts(this.#system, undefined).catch(() => [])).join(', '),
      });
    }
  }

  async #lastWords(logFile: string): Promise<string> {
    const log = (await this.#system.files.readTextIfAny(logFile)) ?? '';
    return lastLine(log) || 'kubectl proxy did not start';
  }
}

function placeIn({ namespace, name }: { readonly namespace: string; readonly name: string }, container: string): string[] {
  return [`--namespace=${namespace}`, name, `--container=${container}`, '--'];
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message.slice(0, 300) : '';
  } catch {
    return text.trim().slice(0, 300);
  }
}

/** What kubectl complains of; advice may follow it. */
function complaintOf(stderr: string): string {
  const complaints = stderr.split('\n').filter((line) => /^error|^Error from server/i.test(line));
  return (complaints[0] ?? lastLine(stderr)).slice(0, 500);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 400) ?? '';
}
