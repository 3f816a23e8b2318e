/** Generator and server as one script, made from this project's own sources and packages, for a stock Node image. */
import { gzipSync } from 'node:zlib';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';

/** Of a ConfigMap, with room for its other fields. */
const MOST_BYTES = 1_000_000;

/** The thread that paces loads is the same script: it asks whether it is the main thread. */
const ENTRY = `
import { isMainThread } from 'node:worker_threads';
const [role] = process.argv.splice(2, 1);
if (!isMainThread) await import('./generators/process/metronome.ts');
else if (role === 'generator') await import('./generators/process/main.ts');
else if (role === 'server') await import('./workloads/server/main.ts');
else if (role === 'node-agent') await import('./clusters/kubernetes/node-agent/main.ts');
else if (role === 'hold-bpf-stats') await import('./clusters/kubernetes/node-agent/hold.ts');
else setInterval(() => {}, 2 ** 30);
`;

/** gzip, base64. @throws MeshtaxError MT5010 when it does not fit. */
export async function bundle(projectRoot: string): Promise<string> {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: ENTRY, resolveDir: `${projectRoot}/src`, sourcefile: 'pod.ts', loader: 'ts' },
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      // CommonJS packages inside ask for Node's own modules by require.
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
      logLevel: 'silent',
    });
    const packed = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 });
    if (packed.length > MOST_BYTES) throw new Error(`it has ${packed.length} bytes, a ConfigMap takes ${MOST_BYTES}`);
    return packed.toString('base64');
  } catch (error) {
    throw new MeshtaxError('MT5010', { problem: reasonOf(error) });
  } finally {
    await esbuild.stop();
  }
}
