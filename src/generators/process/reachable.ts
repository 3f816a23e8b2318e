/** A service is programmed on a node a while after its pods are ready; until then what is sent to its address is lost. */
import { TIMED_OUT } from './dial.ts';

/** With the time that one takes to give up, within what a connect command may take. */
const ATTEMPTS = 4;

/**
 * Asks again where nobody answered, from new ports: the kernel keeps sending a connection that it has begun to where it went
 * first. What is refused, or fails otherwise, is not asked again.
 */
export async function untilReachable<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof Error) || error.message !== TIMED_OUT) throw error;
    }
  }
}
