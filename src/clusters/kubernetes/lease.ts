/** A namespace of the run's own says that it is alive, and until when; `clean` needs nothing else to tell. */
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { HOLDER_ANNOTATION, inventoryPath, labelsOf, LEASE_ANNOTATION, RUN_LABEL, runNamespace } from './names.ts';

/** A run that was killed is over after this time at the latest. */
const LEASE_MS = 10 * 60_000;
/** How long the end of what an earlier attempt left is waited for. */
export const GONE_MS = 120_000;
const RENEW_MS = LEASE_MS / 3;
const RUN_ID = /^[a-z0-9]{1,12}$/;

/** As the API has it. */
export interface Namespace {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** Why a run is taken to be going on. A process of this boot that is gone ends its lease at once. */
export async function aliveness(system: System, namespaces: readonly Namespace[]): Promise<string | undefined> {
  const held = namespaces.find(({ metadata }) => metadata.annotations?.[LEASE_ANNOTATION] !== undefined);
  const until = held?.metadata.annotations?.[LEASE_ANNOTATION];
  if (until === undefined || Date.parse(until) < system.clock.wallTime().getTime()) return undefined;
  const [boot, pid] = (held?.metadata.annotations?.[HOLDER_ANNOTATION] ?? '').split('/');
  if (boot === (await bootId(system)) && !(await system.files.exists(`/proc/${pid}`))) return undefined;
  return `it says that it is alive until ${until}`;
}

/** A namespace of an earlier attempt of the same run ends first: names are the same again. @throws MeshtaxError MT5003. */
export async function untilGone({ kubectl }: Pick<Context, 'kubectl'>, clock: System['clock'], name: string): Promise<void> {
  const deadlineNs = clock.monotonicNs() + GONE_MS * 1e6;
  for (;;) {
    const found = await kubectl.find<Namespace>(`/api/v1/namespaces/${name}`);
    if (found?.status?.phase !== 'Terminating') return;
    if (clock.monotonicNs() > deadlineNs)
      throw new MeshtaxError('MT5003', {
        context: kubectl.context,
        what: `namespace ${name}`,
        problem: `it is still Terminating after ${GONE_MS / 1000} s`,
      });
    await clock.sleep(1000);
  }
}

async function bootId({ files }: System): Promise<string> {
  return ((await files.readTextIfAny('/proc/sys/kernel/random/boot_id')) ?? '').trim();
}

/**
 * @throws MeshtaxError MT2002 when the run is going on elsewhere: a resumed one would take its namespaces away; or when another run
 * is and `allowConcurrent` is false.
 */
export async function holdLease(
  system: System,
  { kubectl }: Context,
  { run, allowConcurrent }: { readonly run: string; readonly allowConcurrent: boolean },
  undo: PushUndo,
): Promise<{ readonly alone: boolean }> {
  const { clock, host } = system;
  const name = runNamespace(run);
  const boot = await bootId(system);
  await untilGone({ kubectl }, clock, name);
  const alive = await liveRuns(system, kubectl);
  const other = alive.find((each) => each.run === run) ?? alive[0];
  if (other && (other.run === run || !allowConcurrent)) throw new MeshtaxError('MT2002', other);
  const renew = (forMs = LEASE_MS) => {
    const until = new Date(clock.wallTime().getTime() + forMs).toISOString();
    const annotations = { [LEASE_ANNOTATION]: until, [HOLDER_ANNOTATION]: `${boot}/${host.pid}` };
    return kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(run), annotations } }]);
  };
  const over = new AbortController();
  undo(`namespace ${name}`, async () => {
    over.abort();
    if (await kubectl.find(inventoryPath(run))) {
      await renew(0).catch(() => {}); // it stays, and is nobody's any more
      throw new Error('it stays with the list of what was installed, for `meshtax clean` to remove');
    }
    await kubectl.deleteNamespaces([name]);
  });
  await renew();
  void keepRenewing(clock, renew, over.signal);
  return { alone: other === undefined };
}

async function liveRuns(system: System, kubectl: Context['kubectl']): Promise<{ run: string; pid: string }[]> {
  const live = [];
  // One that is ending is over; its own run waits for that.
  const there = (await namespacesOf(kubectl)).filter(({ status }) => status?.phase !== 'Terminating');
  for (const [run, namespaces] of byRun(there)) {
    if ((await aliveness(system, namespaces)) === undefined) continue;
    const holder = namespaces.map(({ metadata }) => metadata.annotations?.[HOLDER_ANNOTATION]).find((each) => each !== undefined);
    live.push({ run, pid: holder?.split('/')[1] ?? '?' });
  }
  return live;
}

/** Of all runs that left any. */
export async function namespacesOf(kubectl: Context['kubectl']): Promise<readonly Namespace[]> {
  return (await kubectl.list<Namespace>(`/api/v1/namespaces?labelSelector=${encodeURIComponent(RUN_LABEL)}`)).items;
}

/** A label that is no id of ours was put there by somebody else. */
export function byRun(namespaces: readonly Namespace[]): [run: string, Namespace[]][] {
  return [...Map.groupBy(namespaces, ({ metadata }) => metadata.labels?.[RUN_LABEL] ?? '')].filter(([run]) => RUN_ID.test(run));
}

async function keepRenewing(clock: System['clock'], renew: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(RENEW_MS, signal).catch(() => {});
    // One that fails leaves two more before it is over.
    if (!signal.aborted) await renew().catch(() => {});
  }
}
