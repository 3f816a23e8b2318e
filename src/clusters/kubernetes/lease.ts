/** A namespace of the run's own says that it is alive, and until when; `clean` needs nothing else to tell. */
import type { PushUndo } from '../../model/contracts/deployment.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { HOLDER_ANNOTATION, labelsOf, LEASE_ANNOTATION, runNamespace } from './names.ts';

/** A run that was killed is over after this time at the latest. */
const LEASE_MS = 10 * 60_000;
/** How long the end of what an earlier attempt left is waited for. */
const GONE_MS = 120_000;
const RENEW_MS = LEASE_MS / 3;

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

/** @throws MeshtaxError MT2002 when the run is going on elsewhere: a resumed one would take its namespaces away. */
export async function holdLease(system: System, { kubectl }: Context, run: string, undo: PushUndo): Promise<void> {
  const { clock, host } = system;
  const name = runNamespace(run);
  const boot = await bootId(system);
  await untilGone({ kubectl }, clock, name);
  const before = await kubectl.find<Namespace>(`/api/v1/namespaces/${name}`);
  if (before && (await aliveness(system, [before])) !== undefined)
    throw new MeshtaxError('MT2002', { run, pid: before.metadata.annotations?.[HOLDER_ANNOTATION]?.split('/')[1] ?? '?' });
  const renew = () => {
    const until = new Date(clock.wallTime().getTime() + LEASE_MS).toISOString();
    const annotations = { [LEASE_ANNOTATION]: until, [HOLDER_ANNOTATION]: `${boot}/${host.pid}` };
    return kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(run), annotations } }]);
  };
  const over = new AbortController();
  undo(`namespace ${name}`, async () => {
    over.abort();
    await kubectl.deleteNamespaces([name]);
  });
  await renew();
  void keepRenewing(clock, renew, over.signal);
}

async function keepRenewing(clock: System['clock'], renew: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(RENEW_MS, signal).catch(() => {});
    // One that fails leaves two more before it is over.
    if (!signal.aborted) await renew().catch(() => {});
  }
}
