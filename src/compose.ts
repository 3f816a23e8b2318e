/** Composition root: the real outside world meets the families and the command line. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checks } from './checks/index.ts';
import { runProgram } from './cli/program.ts';
import type { App } from './cli/app.ts';
import { clusters } from './clusters/index.ts';
import { collectors } from './collectors/index.ts';
import { datapaths } from './datapaths/index.ts';
import { generators } from './generators/index.ts';
import { EXIT, formatError, MeshtaxError, type ExitCode } from './model/errors.ts';
import { printable } from './model/printable.ts';
import { jsonlReporter } from './progress/jsonl.ts';
import { liveReporter } from './progress/live.ts';
import { multiplex } from './progress/multiplexer.ts';
import { plainReporter } from './progress/plain.ts';
import { isRoot, runApart } from './system/apart.ts';
import { system } from './system/index.ts';
import { onEndSignal } from './system/signals.ts';
import { workloads } from './workloads/index.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
/** After a command has ended, before what keeps it from going is given up. */
const STILL_THERE_MS = 5000;
const compileCache = process.env['NODE_COMPILE_CACHE'];
// ./meshtax has it for this process alone: what is measured starts as it always did.
delete process.env['NODE_COMPILE_CACHE'];
// A closed pipe or terminal must not end a run before it is undone.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever closed it wants no more of it; a full disk has lost a result.
    if (stream === process.stderr || error.code === 'EPIPE' || error.code === 'EIO') return;
    err(`the output could not be written: ${error.message}\n`);
    process.once('exit', (code) => {
      if (code === EXIT.ok) process.exitCode = EXIT.preflight;
    });
  });
// What is shown was often written by somebody else. Progress has its own colours, and its names are checked when they are read.
const out = (text: string): void => void process.stdout.write(printable(text));
const err = (text: string): void => void process.stderr.write(text);

const app: App = {
  system,
  families: { clusters, datapaths, workloads, generators, collectors, checks },
  version,
  argv: process.argv.slice(2),
  out,
  err: (text) => err(printable(text)),
  pass: err,
  hash: (text) => createHash('sha256').update(text).digest('hex'),
  progress: (style) => multiplex(reportersFor(style)),
  interruption: interruption(),
  apart: isRoot() ? async (argv) => (await runApart(MAIN, argv, compileCache)) as ExitCode : undefined,
};

try {
  process.exitCode = await runProgram(app);
} catch (error) {
  process.exitCode = tell(error);
}
// Only what could not be undone keeps a command that has ended from going.
setTimeout(() => {
  err('something of it goes on and is ended now; `./meshtax clean --all` removes what is left\n');
  process.exit();
}, STILL_THERE_MS).unref();

function tell(error: unknown): number {
  if (error instanceof MeshtaxError) {
    err(`${printable(formatError(error))}\n`);
    return error.exit;
  }
  err(printable(`meshtax ${version} has a bug:\n${error instanceof Error ? error.stack : String(error)}\n`));
  return EXIT.bug;
}

function reportersFor(style: 'auto' | 'plain' | 'jsonl' | 'quiet') {
  const nowNs = () => system.clock.monotonicNs();
  if (style === 'quiet') return [];
  if (style === 'jsonl') return [jsonlReporter(err)];
  const terminal = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  if (style === 'plain' || !terminal) return [plainReporter(err, nowNs)];
  return [liveReporter({ write: err, columns: () => process.stderr.columns }, nowNs)];
}

/** First signal: finish cleanly. Second: stop now; `meshtax clean --all` removes what is left. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  onEndSignal(() => {
    if (controller.signal.aborted) {
      err('\nstopped; `./meshtax clean --all` removes what is left\n');
      process.exit(EXIT.interrupted);
    }
    err('\nfinishing: what was measured is kept, everything is undone (once more: stop now)\n');
    controller.abort();
  });
  return controller.signal;
}
