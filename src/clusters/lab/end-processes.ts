/** Ends processes of ours that did not end by themselves, and whatever they start meanwhile. */
import type { System } from '../../model/ports.ts';

const KILL_WAIT_MS = 5000;

/** Returns how many there were at first. @throws Error when some do not go. */
export async function endAll(system: System, find: () => Promise<readonly number[]>): Promise<number> {
  const first = await find();
  const deadline = system.clock.monotonicNs() + KILL_WAIT_MS * 1e6;
  for (let left = first; left.length > 0; left = await find()) {
    if (system.clock.monotonicNs() > deadline) throw new Error(`processes ${left.join(', ')} do not end`);
    await system.processes.run(['kill', '-KILL', ...left.map(String)], { mayFail: true });
    await system.clock.sleep(50);
  }
  return first.length;
}
