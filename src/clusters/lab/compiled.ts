/** The lab's C sources, compiled with clang at set-up into the XDG cache, under a name made from the sources. */
import { createHash } from 'node:crypto';
import { MeshtaxError, reasonOf } from '../../model/errors.ts';
import type { System } from '../../model/ports.ts';

/** A folder of sources below clusters/lab and what is made of it. */
export interface SourceSet {
  readonly folder: 'bpf' | 'programs';
  readonly title: string;
  readonly names: readonly string[];
  source(name: string): string;
  output(name: string): string;
  flags(architecture: string): readonly string[];
}

/** eBPF programs of the datapath ebpf-lab. */
export const bpfPrograms: SourceSet = {
  folder: 'bpf',
  title: 'the eBPF programs',
  names: ['endpoint', 'socket_lb'],
  source: (name) => `${name}.bpf.c`,
  output: (name) => `${name}.bpf.o`,
  flags: (architecture) => {
    const triplet = architecture === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
    return ['-g', '-target', 'bpf', `-I/usr/include/${triplet}`, '-c'];
  },
};

/** Programs that watch the machine or the datapath's events, and the server that calibration trusts. */
export const labPrograms: SourceSet = {
  folder: 'programs',
  title: "the lab's programs",
  names: ['stall-meter', 'idle-soaker', 'flow-reader', 'truth-server'],
  source: (name) => `${name}.c`,
  output: (name) => name,
  flags: () => ['-pthread', '-lm', '-lbpf', '-lelf', '-lz'],
};

async function outputDirectory(system: System, set: SourceSet): Promise<string> {
  const source = sourceDirectory(system, set);
  const hash = createHash('sha256').update(system.host.architecture);
  for (const entry of await system.files.list(source)) {
    if (!entry.isDirectory) hash.update(entry.name).update(await system.files.readText(`${source}/${entry.name}`));
  }
  const cache = system.env['XDG_CACHE_HOME'] ?? `${system.env['HOME'] ?? '/root'}/.cache`;
  return `${cache}/meshtax/${set.folder}-${hash.digest('hex').slice(0, 16)}`;
}

/** The directory of the outputs. @throws MeshtaxError MT2005 when these very sources were never compiled. */
export async function findCompiled(system: System, set: SourceSet): Promise<string> {
  const directory = await outputDirectory(system, set);
  for (const name of set.names) {
    if (!(await system.files.exists(`${directory}/${set.output(name)}`))) {
      throw new MeshtaxError('MT2005', { problem: `${set.source(name)} was changed or never compiled; run ./meshtax setup` });
    }
  }
  return directory;
}

/** @throws MeshtaxError MT2005 with the compiler's words. */
export async function provideCompiled(system: System, set: SourceSet, say: (line: string) => void): Promise<string> {
  const directory = await outputDirectory(system, set);
  const missing = [];
  for (const name of set.names) if (!(await system.files.exists(`${directory}/${set.output(name)}`))) missing.push(name);
  if (missing.length === 0) return directory;
  say(`compiling ${set.title}: ${missing.join(', ')}`);
  await system.files.makeDirectory(directory, { mode: 0o755 });
  for (const name of missing) await compile(system, set, name, `${directory}/${set.output(name)}`);
  return directory;
}

async function compile(system: System, set: SourceSet, name: string, output: string): Promise<void> {
  const source = `${sourceDirectory(system, set)}/${set.source(name)}`;
  // A name of its own: another set-up may be compiling the same.
  const beside = `${output}.${system.randomId(6)}.tmp`;
  try {
    const command = ['clang', '-O2', '-Wall', '-Werror', source, '-o', beside, ...set.flags(system.host.architecture)] as const;
    await system.processes.run(command, { timeoutMs: 120_000 });
    await system.processes.run(['mv', beside, output]);
  } catch (error) {
    await system.files.remove(beside);
    throw new MeshtaxError('MT2005', { problem: reasonOf(error) }, { cause: error });
  }
}

function sourceDirectory(system: System, { folder }: SourceSet): string {
  return `${system.host.projectRoot}/clusters/lab/${folder}`;
}
