/** A port of a service or pod, brought to this machine's loopback, for as long as somebody needs it. */
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { Clock, RunningProcess } from '../../model/ports.ts';
import type { Kubectl } from './kubectl.ts';

const START_MS = 10_000;
const AGAIN_MS = 250;

/** kubectl ends a forward whenever its stream breaks; the same local port is then opened again until it is not wanted. */
export class PortForward {
  readonly #kubectl: Kubectl;
  readonly #clock: Clock;
  readonly #target: { readonly namespace: string; readonly name: string; readonly port: number };
  readonly #logFile: string;
  #process: RunningProcess | undefined;
  #closed = false;
  #localPort = 0;

  constructor(kubectl: Kubectl, clock: Clock, target: { namespace: string; name: string; port: number }, logFile: string) {
    this.#kubectl = kubectl;
    this.#clock = clock;
    this.#target = target;
    this.#logFile = logFile;
  }

  /** Resolves when it listens. @throws MeshtaxError MT5003. */
  async open(undo: PushUndo): Promise<number> {
    undo(`the port-forward to ${this.#target.name}`, async () => {
      this.#closed = true;
      await this.#process?.stop();
    });
    await this.#start();
    return this.#localPort;
  }

  async #start(): Promise<void> {
    const { namespace, name, port } = this.#target;
    const args = ['port-forward', '--address=127.0.0.1', `--namespace=${namespace}`, name, `${this.#localPort || ''}:${port}`];
    const listening = new Promise<void>((resolve) => {
      this.#process = this.#kubectl.start(args, {
        logFile: this.#logFile,
        onLine: (line) => {
          const found = /^Forwarding from 127\.0\.0\.1:(\d+) ->/.exec(line);
          if (!found) return;
          this.#localPort = Number(found[1]);
          resolve();
        },
      });
    });
    const ended = this.#process?.ended.then(() => 'ended' as const);
    const settled = new AbortController();
    const late = this.#clock.sleep(START_MS, settled.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    );
    const outcome = await Promise.race([listening.then(() => 'open' as const), ended, late]);
    settled.abort();
    if (outcome !== 'open')
      throw new MeshtaxError('MT5003', { context: this.#kubectl.context, what: `port-forward to ${name}`, problem: 'it did not open' });
    void ended?.then(() => this.#again());
  }

  async #again(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#clock.sleep(AGAIN_MS);
        if (!this.#closed) await this.#start();
        return;
      } catch {
        // The API server may be away; it is asked again until nobody wants the port.
      }
    }
  }
}
