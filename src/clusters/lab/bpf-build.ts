/** Compiles clusters/lab/bpf with clang, into the XDG cache under a name made from the sources. */
import { createHash } from 'node:crypto';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

export const BPF_PROGRAMS = ['endpoint', 'socket_lb'] as const;

async function objectDirectory(system: System): Promise<string> {
  const source = sourceDirectory(system);
  const hash = createHash('sha256').update(system.host.architecture);
  for (const entry of await system.files.list(source)) {
    if (!entry.isDirectory) hash.update(entry.name).update(await system.files.readText(`${source}/${entry.name}`));
  }
  const cache = system.env['XDG_CACHE_HOME'] ?? `${system.env['HOME'] ?? '/root'}/.cache`;
  return `${cache}/meshtax/bpf-${hash.digest('hex').slice(0, 16)}`;
}

/** @throws MeshtaxError MT2005 when the programs of these very sources were never compiled. */
export async function findBpfObjects(system: System): Promise<string> {
  const directory = await objectDirectory(system);
  for (const name of BPF_PROGRAMS) {
    if (!(await system.files.exists(`${directory}/${name}.bpf.o`))) {
      throw new MeshtaxError('MT2005', { problem: `${name}.bpf.c was changed or never compiled; run ./meshtax setup` });
    }
  }
  return directory;
}

/** @throws MeshtaxError MT2005 with the compiler's words. */
export async function provideBpfObjects(system: System, say: (line: string) => void): Promise<string> {
  const directory = await objectDirectory(system);
  const missing = [];
  for (const name of BPF_PROGRAMS) if (!(await system.files.exists(`${directory}/${name}.bpf.o`))) missing.push(name);
  if (missing.length === 0) return directory;
  say(`compiling the eBPF programs ${missing.join(' and ')}`);
  await system.files.makeDirectory(directory, { mode: 0o755 });
  for (const name of missing) await compile(system, name, directory);
  return directory;
}

async function compile(system: System, name: string, directory: string): Promise<void> {
  const output = `${directory}/${name}.bpf.o`;
  const triplet = system.host.architecture === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  try {
    await system.processes.run(
      [
        'clang',
        '-O2',
        '-g',
        '-Wall',
        '-Werror',
        '-target',
        'bpf',
        `-I/usr/include/${triplet}`,
        '-c',
        `${sourceDirectory(system)}/${name}.bpf.c`,
        '-o',
        `${output}.new`,
      ],
      { timeoutMs: 120_000 },
    );
    await system.processes.run(['mv', `${output}.new`, output]);
  } catch (error) {
    throw new MeshtaxError('MT2005', { problem: reasonOf(error) }, { cause: error });
  }
}

function sourceDirectory(system: System): string {
  return `${system.host.projectRoot}/clusters/lab/bpf`;
}
