/**
 * Commands that read what strangers may have written (run directories, other tools' results, values, experiments) never do so as
 * root. Started by root they run once more in a process of a uid that can do nothing but read: the kernel's capability to read
 * any file is all that is left to it. What it writes is written by its parent, and only where the command line says so.
 */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isNamed } from '../model/command-line.ts';
import { EXIT, MeshtaxError, reasonOf } from '../model/errors.ts';
import type { Files } from '../model/ports.ts';
import { READER_UID } from '../model/uids.ts';
import { files } from './files.ts';
import { onEndSignal } from './signals.ts';

/** Set for the process apart: it is not put apart again. */
const MARK = 'MESHTAX_APART';
/** Not by PATH: whoever could put another one there would be root. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((each) => existsSync(each)) ?? 'setpriv';

const requestSchema = z.discriminatedUnion('op', [
  z.object({ id: z.number(), op: z.literal('write'), path: z.string(), base64: z.string() }),
  z.object({ id: z.number(), op: z.literal('directory'), path: z.string(), mode: z.number().optional() }),
]);
type Request = z.infer<typeof requestSchema>;
const replySchema = z.object({ id: z.number(), error: z.string().optional() });

/** Its exit codes when it could not begin; none of ours. */
const SETPRIV_FAILED = 127;
/** Their numbers in linux/capability.h. */
const [DAC_READ_SEARCH, SETPCAP] = [2, 8];

function hasCapability(number: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

/** With rights to lose. */
export function isRoot(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && !isApart();
}

export function isApart(): boolean {
  return process.env[MARK] === '1' && process.send !== undefined;
}

/**
 * Returns the exit code of the same command line, run apart. `compileCache`: the caller's own, where there is one.
 * @throws MeshtaxError MT2010 when root's rights cannot be taken from it, MT4009 when a signal ended it that nobody sent to us, as where its memory was not enough.
 */
export async function runApart(script: string, argv: readonly string[], compileCache: string | undefined): Promise<number> {
  const mayRead = hasCapability(DAC_READ_SEARCH);
  if (!hasCapability(SETPCAP)) throw new MeshtaxError('MT2010', { problem: 'this root may not give up rights (CAP_SETPCAP)' });
  const capability = mayRead ? '-all,+dac_read_search' : '-all';
  // In most containers nobody may read everything: it keeps root's name, to read root's files, and loses every right of it.
  const drop = [...(mayRead ? [`--reuid=${READER_UID}`, `--regid=${READER_UID}`, '--clear-groups'] : []), '--no-new-privs'];
  const keep = [`--inh-caps=${capability}`, `--ambient-caps=${capability}`, `--bounding-set=${capability}`];
  const child = spawn(SETPRIV, [...drop, ...keep, '--', process.execPath, '--no-warnings', script, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1', ...cacheApart(compileCache) },
  });
  child.on('message', (message) => {
    const request = requestSchema.safeParse(message);
    if (!request.success) return; // no question of ours
    void fulfil(request.data, argv).then((reply) => child.connected && child.send(reply));
  });
  // A signal of the terminal reaches the child too; its end is waited for.
  let passedOn = false;
  onEndSignal((signal) => {
    passedOn = true;
    child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new MeshtaxError('MT2010', { problem: reasonOf(error) }, { cause: error })));
    child.once('exit', (code, signal) => {
      if (code === SETPRIV_FAILED) reject(new MeshtaxError('MT2010', { problem: 'setpriv said why' }));
      else if (code !== null) resolve(code);
      else if (passedOn) resolve(EXIT.interrupted);
      else reject(new MeshtaxError('MT4009', { signal: signal ?? 'something' }));
    });
  });
}

/** Compiled code that a process without rights wrote is for its like alone, never for root. */
function cacheApart(compileCache: string | undefined): { NODE_COMPILE_CACHE?: string } {
  if (compileCache === undefined || compileCache === '') return {};
  const directory = `${compileCache}-apart`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chownSync(directory, READER_UID, READER_UID);
    return { NODE_COMPILE_CACHE: directory };
  } catch {
    return {}; // a folder that cannot be written: it starts a little later
  }
}

/** Only a very word of the command line may be something else than a file. */
function write({ path: target, base64 }: Extract<Request, { op: 'write' }>, argv: readonly string[]): Promise<void> {
  const content = Buffer.from(base64, 'base64');
  return isNamed(argv, target) ? files.writeInto(target, content) : files.writeAtomically(target, content);
}

async function fulfil(request: Request, argv: readonly string[]): Promise<z.infer<typeof replySchema>> {
  const { id } = request;
  try {
    // A directory is entered by its name, so that is followed too.
    const place = request.op === 'write' ? request.path : resolved(path.resolve(request.path));
    if (!isAskedFor(place, argv)) throw new Error(`${request.path} is nowhere on the command line`);
    if (request.op === 'write') await write(request, argv);
    else await files.makeDirectory(request.path, request.mode === undefined ? {} : { mode: request.mode });
    return { id };
  } catch (error) {
    return { id, error: reasonOf(error) };
  }
}

/**
 * At or below what the user named, wherever links lead; the analysis of a run lies in its directory, which may be named by its id alone.
 */
export function isAskedFor(wanted: string, argv: readonly string[]): boolean {
  const target = placeOf(wanted);
  const words = argv.flatMap((argument) => [argument, argument.slice(argument.indexOf('=') + 1)]).filter((word) => word !== '');
  const isNamed = words.some((word) => {
    const place = resolved(path.resolve(word));
    return place !== '/' && (target === place || target === placeOf(word) || target.startsWith(`${place}/`));
  });
  if (isNamed) return true;
  return argv[0] === 'analyse' && path.basename(target) === 'analysis.json' && existsSync(`${path.dirname(target)}/run.json`);
}

/** What a write replaces: the name itself, in the directory that its path leads to. */
function placeOf(wanted: string): string {
  const target = path.resolve(wanted);
  return path.join(resolved(path.dirname(target)), path.basename(target));
}

/** Where an absolute path leads, as far as it exists. */
function resolved(target: string): string {
  if (target === '/') return target;
  try {
    return realpathSync(target);
  } catch {
    return path.join(resolved(path.dirname(target)), path.basename(target));
  }
}

/** The files of the process apart: read here, written by the parent. */
export function filesApart(): Files {
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let nextId = 1;
  process.on('message', (message) => {
    const { id, error } = replySchema.parse(message);
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) waiter?.resolve();
    else waiter?.reject(new Error(error));
    if (waiting.size === 0) process.channel?.unref();
  });
  process.channel?.unref();
  const ask = (request: { op: 'write'; path: string; base64: string } | { op: 'directory'; path: string; mode?: number }) =>
    new Promise<void>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      process.channel?.ref();
      process.send?.({ ...request, id });
    });
  const refuse = async () => {
    throw new Error('a command that only reads changes nothing else');
  };
  const write = (target: string, content: string | Uint8Array) =>
    ask({ op: 'write', path: target, base64: Buffer.from(content).toString('base64') });
  return {
    ...files,
    writeAtomically: write,
    writeInto: write,
    makeDirectory: (target, options = {}) =>
      ask({ op: 'directory', path: target, ...(options.mode === undefined ? {} : { mode: options.mode }) }),
    writeText: refuse,
    appendDurably: refuse,
    removeDirectory: refuse,
    remove: refuse,
    changeOwner: refuse,
    changeMode: refuse,
  };
}
