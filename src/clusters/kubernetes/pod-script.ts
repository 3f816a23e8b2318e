/** What runs in pods of a stock Node image: one script, small enough for a ConfigMap. */
import { gzipSync } from 'node:zlib';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import { bundle } from '../bundle.ts';

/** Of a ConfigMap, with room for its other fields. */
const MOST_BYTES = 1_000_000;

const ROLES = {
  generator: 'generators/process/main.ts',
  server: 'workloads/server/main.ts',
  'node-agent': 'clusters/kubernetes/node-agent/main.ts',
  'hold-bpf-stats': 'clusters/kubernetes/node-agent/hold.ts',
};

/** gzip, base64. @throws MeshtaxError MT5010 when it cannot be made or does not fit. */
export async function podScript(projectRoot: string): Promise<string> {
  try {
    const packed = gzipSync(await bundle(projectRoot, ROLES), { level: 9 });
    if (packed.length > MOST_BYTES) throw new Error(`it has ${packed.length} bytes, a ConfigMap takes ${MOST_BYTES}`);
    return packed.toString('base64');
  } catch (error) {
    throw new MeshtaxError('MT5010', { problem: reasonOf(error) });
  }
}
