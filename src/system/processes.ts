/** Commands and child processes through execa: argument arrays, never a shell. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, createWriteStream, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { CommandOptions, CommandResult, Processes, RunningProcess, StartOptions } from '../model/ports.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

export const processes: Processes = { run, start };

async function run(command: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
  const [file, ...args] = command;
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    // Not the terminal's group: a Ctrl-C is for us, and what we are in the middle of is finished or undone.
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  const exitCode = result.exitCode ?? -1;
  if (exitCode !== 0 && options.mayFail !== true) {
    const problem = result.timedOut
      ? 'it took too long'
      : lastLines(result.stderr) || `it ended with ${result.exitCode ?? result.code ?? result.signal}`;
    throw new MeshtaxError('MT3009', { command: command.join(' ').slice(0, 300), problem });
  }
  return { stdout: result.stdout, stderr: result.stderr, exitCode };
}

/** Not for others to read, as it would be by itself. */
function makeLog(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o640));
  } catch {
    // what opens it for writing says so
  }
}

function start(command: readonly [string, ...string[]], options: StartOptions): RunningProcess {
  const [file, ...args] = command;
  makeLog(options.logFile);
  const child = execa(file, args, {
    reject: false,
    buffer: false,
    cleanup: true,
    // Not the terminal's group: one Ctrl-C must reach us alone, we end the children in order.
    detached: true,
    ...(options.onMessage ? { ipc: true as const, serialization: 'json' as const } : {}),
    stdin: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdout: options.onLine ? 'pipe' : { file: options.logFile },
    stderr: options.onLine ? 'pipe' : { file: options.logFile },
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  if (options.onLine) {
    const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o640 });
    // A full disk, or no descriptor left: what it says is lost; it goes on, and so do we.
    log.on('error', () => child.stderr?.resume());
    child.stderr?.pipe(log);
    if (child.stdout) createInterface({ input: child.stdout }).on('line', options.onLine);
  }
  child.stdin?.on('error', () => {}); // the child is gone: `ended` tells
  // Not execa's own messages: those carry no sockets.
  const channel: ChildProcess = child.nodeChildProcess;
  if (options.onMessage) channel.on('message', options.onMessage);
  // Sooner than `ended`, which waits for everybody who holds its output, such as a child that outlives it.
  const gone = new Promise((resolve) => void channel.once('exit', resolve));
  let outcome: { exitCode: number | undefined; signal: string | undefined } | undefined;
  const ended = child.then(
    (result) => (outcome = { exitCode: result.exitCode, signal: result.signal }),
    (error: unknown) => (outcome = { exitCode: undefined, signal: reasonOf(error) }),
  );
  return {
    pid: child.pid ?? -1,
    ended,
    outcome: () => outcome,
    send: (message, socket) => sendTo(channel, message, socket),
    writeLine: (line) => void child.stdin?.write(`${line}\n`),
    async stop(graceMs = 2000) {
      if (outcome) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await Promise.race([gone, ended]);
      clearTimeout(timer);
    },
  };
}

/** The bare handle of a socket, as it came: its process keeps a copy until it is closed. */
interface Handle {
  close(): void;
}

function sendTo(child: ChildProcess, message: object, socket: unknown): void {
  const handle = socket as Handle | undefined;
  if (child.connected) child.send(message, handle as never, () => handle?.close());
  else handle?.close();
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join('; ').slice(0, 600);
}
