/** `meshtax test`: set-up, then all tests; the last line counts them. */
import { EXIT, type ExitCode } from '../model/errors.ts';
import type { StartOptions } from '../model/ports.ts';
import { within } from '../model/within.ts';
import type { App } from './app.ts';
import { setupCommand } from './setup.ts';

const ROUND_TIMEOUT_MS = 60 * 60_000;
/** Tests in the lab undo what they made. */
const STOP_MS = 60_000;

/** The lab runs come alone: what else uses the CPUs would make their trials invalid. */
const ROUNDS = [['unit', 'contract', 'golden', 'statistical'], ['e2e']];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export async function testCommand(app: App, names: readonly string[]): Promise<ExitCode> {
  const setUp = await setupCommand(app, { tests: true });
  if (setUp !== 0) return setUp;
  const rounds: Counts[] = [];
  for (const projects of ROUNDS) {
    rounds.push(await runRound(app, projects, names));
    if (app.interruption.aborted) return EXIT.interrupted;
  }
  const sum = (key: keyof Counts) => rounds.reduce((total, round) => total + round[key], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  app.out(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  return failed === 0 && passed > 0 ? EXIT.ok : EXIT.bug;
}

/** A Ctrl-C ends it too: it is not of the terminal's group. */
async function ended({ system, interruption }: App, command: readonly [string, ...string[]], options: StartOptions) {
  const running = system.processes.start(command, options);
  const stop = () => void running.stop(STOP_MS);
  interruption.addEventListener('abort', stop, { once: true });
  const late = { exitCode: undefined };
  const outcome = await within(running.ended, ROUND_TIMEOUT_MS).catch(() => late);
  await running.stop(STOP_MS);
  interruption.removeEventListener('abort', stop);
  return outcome.exitCode;
}

async function runRound(app: App, projects: readonly string[], names: readonly string[]): Promise<Counts> {
  const { files, host } = app.system;
  const summary = `${host.projectRoot}/node_modules/.cache/meshtax-tests-${app.system.randomId(6)}.json`;
  await files.makeDirectory(`${host.projectRoot}/node_modules/.cache`);
  const vitest = `${host.projectRoot}/node_modules/vitest/vitest.mjs`;
  const selection = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${summary}`];
  app.err(`tests: ${projects.join(', ')}\n`);
  const exitCode = await ended(app, [host.nodeBinary, vitest, 'run', '--passWithNoTests', ...selection, ...reporters, ...names], {
    cwd: host.projectRoot,
    logFile: `${summary}.log`,
  });
  app.pass((await files.readTextIfAny(`${summary}.log`)) ?? '');
  await files.remove(`${summary}.log`);
  const text = await files.readTextIfAny(summary);
  await files.remove(summary);
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const counts = JSON.parse(text) as { numPassedTests: number; numFailedTests: number; numPendingTests: number };
  // A file that cannot even be loaded fails no test: it must not pass for none.
  const failed = Math.max(counts.numFailedTests, exitCode === 0 ? 0 : 1);
  return { passed: counts.numPassedTests, failed, skipped: counts.numPendingTests };
}
