/** Some of this project's programs as one script, made from its own sources and packages: it runs wherever there is Node. */

/** The first argument, and what runs then: a file below src/. */
export type Roles = Readonly<Record<string, string>>;

/** The thread that paces loads is the same script: it asks whether it is the main thread. An unknown role stays, and does nothing. */
function entryOf(roles: Roles): string {
  const cases = Object.entries(roles).map(([role, file]) => `else if (role === '${role}') await import('./${file}');`);
  return `
import { isMainThread } from 'node:worker_threads';
const [role] = process.argv.splice(2, 1);
if (!isMainThread) await import('./generators/process/metronome.ts');
${cases.join('\n')}
else setInterval(() => {}, 2 ** 30);
`;
}

/** @throws what esbuild does. */
export async function bundle(projectRoot: string, roles: Roles): Promise<Uint8Array> {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: entryOf(roles), resolveDir: `${projectRoot}/src`, sourcefile: 'pod.ts', loader: 'ts' },
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
    return outputFiles[0]?.contents ?? new Uint8Array();
  } finally {
    await esbuild.stop();
  }
}
