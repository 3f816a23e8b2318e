/** A namespace of the run's own says that it is alive, and until when; `clean` needs nothing else to tell. */
import type { PushUndo } from '../../model/contracts/deployment.ts';
import type { System } from '../../model/ports.ts';
import type { Context } from './context.ts';
import { HOLDER_ANNOTATION, labelsOf, LEASE_ANNOTATION, runNamespace } from './names.ts';

/** A run that was killed is over after this time at the latest. */
const LEASE_MS = 10 * 60_000;
const RENEW_MS = LEASE_MS / 3;

export async function holdLease(system: System, { kubectl }: Context, run: string, undo: PushUndo): Promise<void> {
  const { clock, host } = system;
  const name = runNamespace(run);
  const boot = ((await system.files.readTextIfAny('/proc/sys/kernel/random/boot_id')) ?? '').trim();
  const renew = () => {
    const until = new Date(clock.wallTime().getTime() + LEASE_MS).toISOString();
    const annotations = { [LEASE_ANNOTATION]: until, [HOLDER_ANNOTATION]: `${boot}/${host.pid}` };
    return kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: labelsOf(run), annotations } }]);
  };
  const over = new AbortController();
  undo(`namespace ${name}`, async () => {
    over.abort();
    await kubectl.run(['delete', 'namespace', name, '--ignore-not-found', '--wait=false'], { timeoutMs: 30_000 });
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
