/** An outside world in memory: files, a clock that only moves when told, commands that answer from a table. */
import type { Reading } from '../src/model/contracts/collector.ts';
import type { Measure } from '../src/model/records.ts';
import type { Clock, CommandResult, Files, System } from '../src/model/ports.ts';

export class MemoryFiles implements Files {
  readonly content = new Map<string, string>();
  readonly directories = new Set<string>();
  /** Writes to paths that match fail with this message. */
  broken: { readonly pattern: RegExp; readonly message: string } | undefined;

  constructor(content: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(content)) this.content.set(path, text);
  }

  async readText(path: string): Promise<string> {
    const text = this.content.get(path);
    if (text === undefined) throw Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT' });
    return text;
  }
  async readBytes(path: string): Promise<Uint8Array> {
    return new TextEncoder().encode(await this.readText(path));
  }
  async readTextIfAny(path: string): Promise<string | undefined> {
    return this.content.get(path);
  }
  async writeText(path: string, text: string, options: { exclusive?: boolean } = {}): Promise<void> {
    this.#refuse(path);
    if (options.exclusive === true && this.content.has(path)) throw new Error(`EEXIST: ${path}`);
    this.content.set(path, text);
  }
  async writeInto(path: string, content: string | Uint8Array): Promise<void> {
    await this.writeAtomically(path, content);
  }

  async writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
    this.#refuse(path);
    this.content.set(path, typeof content === 'string' ? content : new TextDecoder().decode(content));
  }
  async appendDurably(path: string, line: string): Promise<void> {
    this.#refuse(path);
    this.content.set(path, (this.content.get(path) ?? '') + line);
  }
  async list(path: string) {
    const prefix = `${path.replace(/\/+$/, '')}/`;
    const names = new Map<string, boolean>();
    for (const known of [...this.content.keys(), ...[...this.directories].map((directory) => `${directory}/.`)]) {
      if (!known.startsWith(prefix)) continue;
      const [name = '', ...rest] = known.slice(prefix.length).split('/');
      if (name !== '.' && name !== '') names.set(name, rest.length > 0 || names.get(name) === true);
    }
    return [...names].map(([name, isDirectory]) => ({ name, isDirectory, isLink: false })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  async exists(path: string): Promise<boolean> {
    return this.content.has(path) || this.directories.has(path) || [...this.content.keys()].some((known) => known.startsWith(`${path}/`));
  }
  async makeDirectory(path: string): Promise<void> {
    this.#refuse(path);
    this.directories.add(path);
  }
  async removeDirectory(path: string): Promise<void> {
    this.directories.delete(path);
  }
  async remove(path: string): Promise<void> {
    for (const known of this.content.keys()) if (known === path || known.startsWith(`${path}/`)) this.content.delete(known);
    for (const known of this.directories) if (known === path || known.startsWith(`${path}/`)) this.directories.delete(known);
  }
  async changeOwner(): Promise<void> {}
  async changeMode(): Promise<void> {}

  #refuse(path: string): void {
    if (this.broken?.pattern.test(path)) throw new Error(this.broken.message);
  }
}

export class ManualClock implements Clock {
  nowNs = 1e9;
  monotonicNs(): number {
    return this.nowNs;
  }
  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + this.nowNs / 1e6);
  }
  async sleep(milliseconds: number): Promise<void> {
    this.nowNs += milliseconds * 1e6;
  }
}

export interface FakeOptions {
  readonly files?: MemoryFiles;
  readonly clock?: Clock;
  readonly answer?: (command: readonly string[], input: string | undefined) => Partial<CommandResult>;
  readonly uid?: number;
  readonly platform?: string;
  readonly cpuCount?: number;
}

export function fakeSystem(options: FakeOptions = {}): System & { readonly commands: string[][] } {
  const commands: string[][] = [];
  let ids = 0;
  return {
    commands,
    clock: options.clock ?? new ManualClock(),
    files: options.files ?? new MemoryFiles(),
    processes: {
      async run(command, given = {}) {
        commands.push([...command]);
        return { stdout: '', stderr: '', exitCode: 0, ...options.answer?.(command, given.input) };
      },
      start() {
        throw new Error('nothing is started in this test');
      },
    },
    http: {
      async get() {
        throw new Error('no HTTP in this test');
      },
      async getText() {
        throw new Error('no HTTP in this test');
      },
      async serve() {
        throw new Error('no HTTP in this test');
      },
    },
    locks: { take: async () => async () => {} },
    randomId: (length) => String(ids++).padStart(length, 'a'),
    env: {},
    host: {
      platform: options.platform ?? 'linux',
      architecture: 'x64',
      uid: options.uid ?? 0,
      pid: 4242,
      cpuCount: options.cpuCount ?? 8,
      nodeBinary: '/node',
      nodeVersion: 'v24.0.0',
      projectRoot: '/project',
    },
  };
}

/** Readings that are figures. */
export function figuresOf(readings: readonly Reading[]): Measure[] {
  return readings.filter((reading) => 'value' in reading);
}
