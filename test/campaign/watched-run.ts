/** A run as its user sees it from outside: what it told, and how it ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AS_STARTED, ROOT } from '../e2e/machine.ts';
import { descendantsOf, signal } from './processes.ts';

export interface WatchedRun {
  readonly pid: number;
  /** Empty until it was told. */
  readonly directory: () => string;
  /** Trials whose end it told: these must be on disk. */
  readonly ended: readonly string[];
  /** The last thing that it told, for the record. */
  readonly phase: () => string;
  /** Since it told that it is undoing; undefined before. */
  readonly undoingMs: () => number | undefined;
  /** What could not be undone, as it told. */
  readonly notUndone: readonly string[];
  /** Resolves at the n-th event of a kind, or of `kind arm`, or when the run ended. */
  readonly reached: (kind: string, n?: number) => Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
  readonly stderr: () => string;
  /** Its id may be another's since. */
  readonly isOver: () => boolean;
}

/** The events that `--progress jsonl` writes, as far as they are looked at. */
interface Told {
  readonly kind: string;
  readonly id?: string;
  readonly arm?: string;
  readonly directory?: string;
  readonly title?: string;
  readonly reason?: string;
}

/** What is left of a killed run may keep its stderr open. */
const LAST_WORDS_MS = 2000;

export function watchRun(args: readonly string[], env: Readonly<Record<string, string>> = {}): WatchedRun {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', `${ROOT}/src/main.ts`, ...args, '--progress', 'jsonl'], {
    cwd: ROOT,
    env: { ...process.env, ...AS_STARTED, ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const counts = new Map<string, number>();
  let waiting: { readonly kind: string; readonly n: number; readonly resolve: () => void }[] = [];
  const ended: string[] = [];
  const notUndone: string[] = [];
  let [directory, phase, text] = ['', 'starting', ''];
  let undoneFromMs: number | undefined;
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    const told = parse(line);
    if (!told) {
      text += `${line}\n`;
      return;
    }
    phase = told.kind;
    if (told.kind === 'started') directory = told.directory ?? '';
    if (told.kind === 'trial-ended' && told.id !== undefined) ended.push(told.id);
    if (told.kind === 'undoing') undoneFromMs = performance.now();
    if (told.kind === 'undo-failed') notUndone.push(`${told.title}: ${told.reason}`);
    for (const name of [told.kind, `${told.kind} ${told.arm}`]) counts.set(name, (counts.get(name) ?? 0) + 1);
    const due = waiting.filter(({ kind, n }) => (counts.get(kind) ?? 0) >= n);
    waiting = waiting.filter((each) => !due.includes(each));
    for (const { resolve } of due) resolve();
  });
  const read = new Promise<void>((resolve) => lines.once('close', () => resolve()));
  const exit = new Promise<number | string>((resolve) => {
    child.once('exit', (code, name) => void within(LAST_WORDS_MS, read).then(() => resolve(code ?? name ?? 'lost')));
    child.once('error', (error) => resolve(error.message));
  });
  const reached = (kind: string, n = 1) =>
    (counts.get(kind) ?? 0) >= n
      ? Promise.resolve()
      : Promise.race([new Promise<void>((resolve) => void waiting.push({ kind, n, resolve })), exit.then(() => {})]);
  const isOver = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const undoingMs = () => (undoneFromMs === undefined ? undefined : performance.now() - undoneFromMs);
  const told = { directory: () => directory, ended, undoingMs, notUndone, phase: () => phase, stderr: () => text };
  return { pid: child.pid ?? -1, ...told, reached, exit, isOver };
}

/** What hangs is ended with everything below it. */
export async function endWithin(run: WatchedRun, patienceMs: number): Promise<{ readonly exit: number | string; readonly hung: boolean }> {
  const exit = await within(patienceMs, run.exit);
  if (exit !== undefined) return { exit, hung: false };
  killWhole(run);
  return { exit: await run.exit, hung: true };
}

/** Nothing may be born between looking and killing. */
export function killWhole({ pid, isOver }: WatchedRun): void {
  if (isOver()) return;
  signal(pid, 'SIGSTOP');
  for (const each of [pid, ...descendantsOf(pid)]) signal(each, 'SIGKILL');
}

/** Undefined when it takes longer. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, later(milliseconds, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Keeps this process alive meanwhile: else it would end, with everything undone, when a run that it watches has ended. */
export function later(milliseconds: number, over?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), milliseconds);
    over?.addEventListener('abort', () => clearTimeout(timer));
  });
}

function parse(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return undefined; // an error in words, or a line that was cut off
  }
}
