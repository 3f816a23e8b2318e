/** The recipes for CI, run as the scripts that they are: on arithmetic, so that they need neither root nor minutes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../e2e/machine.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'meshtax-recipe-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const recipe = async (name: string) => parse(await readFile(`${ROOT}/docs/recipes/${name}`, 'utf8')) as Record<string, unknown>;
const experiment = (slowdown: string) => `name: change
cluster: { id: simulated, charges: { new: ${slowdown} } }
baseline: old
datapaths: [{ id: direct, name: old }, { id: direct, name: new }]
workloads: [http-echo]
loads: [{ loop: open, rate: 500/s, duration: 2s }]
statistics: { blocks: 24, stop: fixed, cpu: false, seed: recipe }
`;
const BUDGETS = `budgets:\n  - failIf: 'p50 > +5%'\n`;

/** Runs the scripts of a job as its runner does: each by a shell that ends at the first failure. */
async function runScripts(scripts: readonly string[], slowdown: string): Promise<{ exitCode: number | undefined; output: string }> {
  await writeFile(path.join(directory, 'experiment.yaml'), experiment(slowdown));
  await writeFile(path.join(directory, 'budgets.yaml'), BUDGETS);
  const env = {
    MESHTAX: `${process.execPath} --no-warnings ${ROOT}/src/main.ts`,
    SUDO: '',
    EXPERIMENT: 'experiment.yaml',
    BUDGETS: 'budgets.yaml',
    GITHUB_STEP_SUMMARY: path.join(directory, 'summary.md'),
  };
  let output = '';
  let failed: number | undefined;
  for (const script of scripts) {
    const { exitCode, all } = await execa('bash', ['-e', '-c', script], { cwd: directory, env, all: true, reject: false });
    output += all;
    if (exitCode !== 0) failed ??= exitCode;
  }
  return { exitCode: failed ?? 0, output };
}

describe.each([
  [
    'github-actions.yml',
    async () =>
      ((await recipe('github-actions.yml'))['jobs'] as { gate: { steps: { run?: string }[] } }).gate.steps.flatMap(({ run }) => run ?? []),
  ],
  ['gitlab-ci.yml', async () => (await recipe('gitlab-ci.yml'))['datapath'] as { script: string[] }],
] as const)('%s', (_name, read) => {
  const scripts = async (): Promise<readonly string[]> => {
    const found = await read();
    return 'script' in found ? found.script : found;
  };
  test('a change that costs nothing passes', async () => {
    const { exitCode, output } = await runScripts(await scripts(), '{ latency: 0 }');
    expect(exitCode === 0 ? '' : output).toBe('');
    expect(await readFile(path.join(directory, 'meshtax-junit.xml'), 'utf8')).toContain('failures="0"');
  }, 60_000);
  test('a change that costs a fifth does not, with exit code 5', async () => {
    const { exitCode, output } = await runScripts(await scripts(), '{ latency: 0.2 }');
    expect(exitCode).toBe(5);
    expect(output).toMatch(/FAILS/);
    expect(await readFile(path.join(directory, 'meshtax-junit.xml'), 'utf8')).toContain('failures="1"');
    expect(await readFile(path.join(directory, 'meshtax-report.html'), 'utf8')).toContain('<!doctype html>');
  }, 60_000);
});
