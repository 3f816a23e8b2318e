/** The outside world as interfaces. `src/system` holds the real ones; tests pass their own. */

export interface Clock {
  /** CLOCK_MONOTONIC in ns: comparable between the processes of one machine. */
  monotonicNs(): number;
  wallTime(): Date;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Return a non-zero exit instead of throwing. */
  readonly mayFail?: boolean;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where stdout (unless read as lines) and stderr go. */
  readonly logFile: string;
  /** Called for each line of stdout; without it stdout goes to the log. */
  readonly onLine?: (line: string) => void;
  /** A program in Node that exchanges messages with us, and open sockets with some. */
  readonly onMessage?: (message: unknown, socket: unknown) => void;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process ended, however it ended. */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  /** Undefined while it runs. */
  outcome(): { readonly exitCode: number | undefined; readonly signal: string | undefined } | undefined;
  writeLine(line: string): void;
  /** To a program that was started with `onMessage`; a socket that goes along is ours no more. */
  send(message: object, socket?: unknown): void;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface Locks {
  /** Held until it is released or its process ended, however it ended; undefined while another one holds it. */
  take(name: string): Promise<(() => Promise<void>) | undefined>;
}

/** What `writeAtomically` of a process that was killed leaves beside the file. */
export const UNFINISHED = /\.[0-9a-f]{8}\.tmp$/;

/** Commands are argument arrays; nothing is ever given to a shell. */
export interface Processes {
  /** @throws MeshtaxError MT3009 when the command cannot start or (without mayFail) ends non-zero. */
  run(command: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
  start(command: readonly [string, ...string[]], options: StartOptions): RunningProcess;
}

export interface FileEntry {
  readonly name: string;
  /** Not what is only a link to one. */
  readonly isDirectory: boolean;
  readonly isLink: boolean;
}

export interface Files {
  /** @throws when it is no regular file, or larger than `mostBytes`. */
  readText(path: string, mostBytes?: number): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  /** Undefined when there is no such file. */
  readTextIfAny(path: string): Promise<string | undefined>;
  writeText(path: string, text: string, options?: { readonly mode?: number; readonly exclusive?: boolean }): Promise<void>;
  /** Write beside, fsync, rename: a reader sees the old file or the new one, never half of it. */
  writeAtomically(path: string, content: string | Uint8Array): Promise<void>;
  /** For a path that the user named, and nobody else: what is no file there is written to, anything else replaced at once. */
  writeInto(path: string, content: string | Uint8Array): Promise<void>;
  appendDurably(path: string, line: string): Promise<void>;
  list(path: string): Promise<readonly FileEntry[]>;
  exists(path: string): Promise<boolean>;
  makeDirectory(path: string, options?: { readonly mode?: number }): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Recursive. */
  remove(path: string): Promise<void>;
  changeOwner(path: string, uid: number, gid: number): Promise<void>;
  changeMode(path: string, mode: number): Promise<void>;
}

export interface LocalHttp {
  /** An HTTP GET over a Unix socket (Envoy's admin interface). @throws when it is no page of at most 64 MiB. */
  getText(socketPath: string, path: string, timeoutMs?: number): Promise<string>;
  /** The same with whatever status the answer has. */
  get(socketPath: string, path: string, timeoutMs?: number): Promise<{ readonly status: number; readonly text: string }>;
  /** Serves pages on a port of the loopback; undefined is "not found". Returns how to stop. @throws when the port is taken. */
  serve(port: number, pageOf: (path: string) => Promise<HttpPage | undefined>): Promise<() => Promise<void>>;
}

export interface HttpPage {
  readonly contentType: string;
  readonly text: string;
}

export interface System {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly files: Files;
  readonly http: LocalHttp;
  readonly locks: Locks;
  /** Cryptographic randomness, for ids and default seeds only. */
  randomId(length: number): string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: HostIdentity;
}

export interface HostIdentity {
  readonly platform: string;
  readonly architecture: string;
  readonly uid: number;
  readonly pid: number;
  readonly cpuCount: number;
  readonly nodeBinary: string;
  readonly nodeVersion: string;
  /** The project's folder. */
  readonly projectRoot: string;
}
