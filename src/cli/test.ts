/** `meshtax test`: set-up, then all tests; the last line counts them. */
import { EXIT, type ExitCode } from '../model/errors.ts';
import type { App } from './app.ts';
import { setupCommand } from './setup.ts';

const TEST_TIMEOUT_MS = 40 * 60_000;

export async function testCommand(app: App, names: readonly string[]): Promise<ExitCode> {
  const setUp = await setupCommand(app, {});
  if (setUp !== 0) return setUp;
  const { processes, files, host } = app.system;
  const summary = `${host.projectRoot}/node_modules/.cache/meshtax-tests-${app.system.randomId(6)}.json`;
  await files.makeDirectory(`${host.projectRoot}/node_modules/.cache`);
  const vitest = `${host.projectRoot}/node_modules/vitest/vitest.mjs`;
  const result = await processes.run(
    [host.nodeBinary, vitest, 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${summary}`, ...names],
    {
      cwd: host.projectRoot,
      timeoutMs: TEST_TIMEOUT_MS,
      mayFail: true,
    },
  );
  app.err(result.stdout + result.stderr);
  const text = await files.readTextIfAny(summary);
  await files.remove(summary);
  if (text === undefined) {
    app.out('0 passed, 1 failed\n');
    return EXIT.bug;
  }
  const counts = JSON.parse(text) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
    numPendingTests: number;
  };
  // A file that cannot even be loaded fails no test: it must not pass for none.
  const failed = Math.max(counts.numFailedTests, result.exitCode === 0 ? 0 : 1);
  app.out(`${counts.numPassedTests} passed, ${failed} failed${counts.numPendingTests > 0 ? `, ${counts.numPendingTests} skipped` : ''}\n`);
  return failed === 0 && counts.numPassedTests > 0 ? EXIT.ok : EXIT.bug;
}
