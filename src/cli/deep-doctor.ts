/**
 * `meshtax doctor --deep`: what happens here to a run that goes wrong? A real one is killed, cleaned up, continued and sealed; another,
 * at the same time, loses its Envoy; a disk is full. About 20 seconds; ends with a plain yes or no.
 */
import { EXIT, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { CommandResult, RunningProcess } from '../model/ports.ts';
import { PROXY_UID, READER_UID, WORKER_UID } from '../model/uids.ts';
import { within } from '../model/within.ts';
import { filesBelow, RunDirectory } from '../store/run-directory.ts';
import type { App } from './app.ts';
import { scoped, scratch } from './lab-session.ts';

const EXPERIMENT = `name: deep
datapaths: [direct, envoy-sidecar]
workloads: [http-echo]
loads: [{ loop: open, rate: 200/s, duration: 300ms, warmup: 100ms, connections: 2 }]
statistics: { blocks: 2, stop: fixed, design: block, cpu: false, blocksPerDeployment: 2 }
`;
const PATIENCE_MS = 60_000;
const NO_RIGHTS = new Set([WORKER_UID, READER_UID, PROXY_UID]);

export async function deepDoctor(app: App): Promise<ExitCode> {
  return scoped(app, async (undo) => deeply(app, await scratch(app, undo)));
}

async function deeply(app: App, directory: string): Promise<ExitCode> {
  const [killed, bereft] = [new Trial(app, `${directory}/killed`), new Trial(app, `${directory}/bereft`)];
  let failed = 0;
  const step = async (title: string, work: () => Promise<string>) => {
    const outcome = await (app.interruption.aborted ? Promise.reject(new Error('interrupted')) : work()).then(
      (detail) => ({ mark: 'ok     ', detail }),
      (error: unknown) => ({ mark: 'ERROR  ', detail: reasonOf(error) }),
    );
    failed += outcome.mark === 'ok     ' ? 0 : 1;
    app.out(`${outcome.mark} ${title}: ${outcome.detail}\n`);
  };
  try {
    const first = async () => {
      await step('a run starts, and only meshtax is root in it', () => killed.start());
      await step('killed in the middle of a trial, it is cleaned up by its names alone', () => killed.killAndClean());
      await step('it goes on, is sealed, and its checksums hold', () => killed.complete());
    };
    const second = async () => {
      await step('a full disk is told', () => fullDisk(app, `${directory}/small`));
      await step('a run whose Envoy dies ends with a code, and leaves nothing', () => bereft.loseEnvoy());
    };
    await Promise.all([first(), second()]);
  } finally {
    await Promise.all([killed.end(), bereft.end()]);
  }
  app.out(failed === 0 ? 'yes: what goes wrong here is undone, kept and told\n' : `no: ${failed} of the above failed\n`);
  return failed === 0 ? EXIT.ok : EXIT.preflight;
}

function must(condition: boolean, problem: string): void {
  if (!condition) throw new Error(problem);
}

/** What users start, with its compiled code kept: several starts in a row take half the time. */
function starter({ projectRoot }: App['system']['host']): string {
  return `${projectRoot}/meshtax`;
}

/** One run, from outside. */
class Trial {
  readonly #app: App;
  readonly #directory: string;
  #running: RunningProcess | undefined;
  #log = '';

  constructor(app: App, directory: string) {
    this.#app = app;
    this.#directory = directory;
  }

  async start(): Promise<string> {
    await this.#begin();
    await this.#told('"trial-started"', 2);
    const below = await this.#below();
    const rooted = below.filter(({ uid }) => !NO_RIGHTS.has(uid));
    const ours = rooted.filter(({ command }) => /meshtax\.mjs|envoy/.test(command));
    must(ours.length === 0, `root runs ${ours.map(({ command }) => command.slice(0, 60)).join('; ')}`);
    return `${below.length} processes, ${below.length - rooted.length} of them without rights`;
  }

  async killAndClean(): Promise<string> {
    await this.#told('"trial-ended"', 1);
    const pids = [this.#running?.pid ?? -1, ...(await this.#below()).map(({ pid }) => pid)];
    await this.#app.system.processes.run(['kill', '-KILL', ...pids.map(String)] as [string, ...string[]], { mayFail: true });
    await this.#ended();
    const kept = (await this.#trials()).length;
    must(kept >= 1, 'the trial whose end was told is not on disk');
    const cleaned = await this.#meshtax('clean', '--run', await this.#run());
    must(cleaned.exitCode === 0, cleaned.stderr);
    const again = await this.#meshtax('clean', '--run', await this.#run());
    must(again.stdout.includes('nothing to remove'), again.stdout);
    return `${cleaned.stdout.trim().split('\n').length} kinds of things removed, ${kept} trials kept`;
  }

  async loseEnvoy(): Promise<string> {
    await this.#begin();
    await this.#told('"trial-started"', 1);
    const envoy = (await this.#below()).find(({ command }) => command.includes('client-proxy/envoy.json'));
    must(envoy !== undefined, 'there is no Envoy');
    await this.#app.system.processes.run(['kill', '-KILL', String(envoy?.pid)]);
    const { exitCode } = (await this.#ended()) ?? {};
    const said = /^MT\d{4} [^\n]*/m.exec(await this.#said())?.[0] ?? '';
    must((exitCode === 3 || exitCode === 4) && said !== '', `it ended with ${exitCode}: ${said}`);
    const left = await this.#meshtax('clean', '--run', await this.#run());
    must(left.stdout.includes('nothing to remove'), `the run left something: ${left.stdout}`);
    return said;
  }

  async complete(): Promise<string> {
    const resumed = await this.#meshtax(
      'run',
      '--resume',
      await this.#run(),
      '--allow-concurrent',
      '--progress',
      'quiet',
      '--results',
      this.#results,
    );
    must(resumed.exitCode === 0 || resumed.exitCode === 4, resumed.stderr);
    const verified = await this.#meshtax('verify', await this.#run(), '--results', this.#results);
    must(verified.exitCode === 0, verified.stderr);
    return verified.stdout.trim();
  }

  async end(): Promise<void> {
    await this.#running?.stop();
    if (this.#log !== '') await this.#meshtax('clean', '--run', await this.#run().catch(() => 'none'));
  }

  /** A run that hangs must not make the doctor hang. */
  #ended() {
    return within(this.#running?.ended ?? Promise.resolve(undefined), PATIENCE_MS);
  }

  get #results(): string {
    return `${this.#directory}/results`;
  }

  async #begin(): Promise<void> {
    const { files, processes, host } = this.#app.system;
    const file = `${this.#directory}/e.yaml`;
    await files.makeDirectory(this.#directory);
    await files.writeText(file, EXPERIMENT);
    this.#log = `${this.#directory}/log`;
    const command = ['run', file, '--results', this.#results, '--progress', 'jsonl', '--allow-concurrent'];
    this.#running = processes.start([starter(host), ...command], { logFile: this.#log });
  }

  #meshtax(...args: string[]): Promise<CommandResult> {
    const { processes, host } = this.#app.system;
    return processes.run([starter(host), ...args], { mayFail: true, timeoutMs: PATIENCE_MS });
  }

  async #said(): Promise<string> {
    return (await this.#app.system.files.readTextIfAny(this.#log)) ?? '';
  }

  async #told(event: string, times: number): Promise<void> {
    const { clock } = this.#app.system;
    const deadline = clock.monotonicNs() + PATIENCE_MS * 1e6;
    while ((await this.#said()).split(event).length <= times) {
      must(this.#running?.outcome() === undefined, `the run ended: ${(await this.#said()).slice(-300)}`);
      must(!this.#app.interruption.aborted, 'interrupted');
      must(clock.monotonicNs() < deadline, `${event} was not told within ${PATIENCE_MS / 1000} s`);
      await clock.sleep(50);
    }
  }

  async #run(): Promise<string> {
    const [name] = await this.#app.system.files.list(`${this.#results}/deep`);
    if (!name) throw new Error('there is no run');
    return name.name;
  }

  async #trials(): Promise<string[]> {
    const names = await filesBelow(`${this.#results}/deep/${await this.#run()}/trials`, this.#app.system.files);
    return names.filter((name) => name.endsWith('trial.json'));
  }

  /** Processes that the run started, at any depth. */
  async #below(): Promise<{ readonly pid: number; readonly uid: number; readonly command: string }[]> {
    const { files } = this.#app.system;
    const all = await Promise.all(
      (await files.list('/proc'))
        .filter(({ name }) => /^\d+$/.test(name))
        .map(async ({ name }) => {
          const status = (await files.readTextIfAny(`/proc/${name}/status`).catch(() => undefined)) ?? '';
          const command = (await files.readTextIfAny(`/proc/${name}/cmdline`).catch(() => undefined)) ?? '';
          const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? -1);
          return { pid: Number(name), parent: field('PPid'), uid: field('Uid'), command: command.replaceAll('\0', ' ') };
        }),
    );
    const found = new Set([this.#running?.pid ?? -1]);
    for (let size = 0; size !== found.size;) {
      size = found.size;
      for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
    }
    found.delete(this.#running?.pid ?? -1);
    return all.filter(({ pid }) => found.has(pid));
  }
}

async function fullDisk({ system }: App, place: string): Promise<string> {
  await system.files.makeDirectory(place);
  await system.processes.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]);
  try {
    const directory = await RunDirectory.create(place, 'deep', 'full', system.files);
    for (let block = 0; block < 100; block++) await directory.writeOnce(`${block}.json`, 'x'.repeat(4096));
    throw new Error('it took more than it has room for');
  } catch (error) {
    if (error instanceof MeshtaxError && error.code === 'MT4002') return error.message;
    throw error;
  } finally {
    await system.processes.run(['umount', place], { mayFail: true });
  }
}
