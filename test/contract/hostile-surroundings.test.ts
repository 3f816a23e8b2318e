/** Surroundings that are not as they should be: each command ends by itself, with a result or a code, and writes only what it should. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { meshtax, ROOT } from '../e2e/machine.ts';

const PUBLISHED = `${ROOT}/results/published`;
const SIMULATED = `name: simulated
cluster: { id: simulated }
datapaths: [direct]
workloads: [http-echo]
loads: [{ loop: open, rate: 100/s, duration: 1s }]
statistics: { blocks: 2, stop: fixed, design: block, cpu: false }
`;

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'meshtax-hostile-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Of `list`, which reads every run, under another environment. */
async function listing(env: Record<string, string | undefined>) {
  return execa(process.execPath, ['--no-warnings', `${ROOT}/src/main.ts`, 'list', '--results', PUBLISHED], {
    env,
    extendEnv: false,
    reject: false,
    timeout: 20_000,
  });
}

describe('an environment', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['with nothing in it', {}],
    ['without a home', { PATH: process.env['PATH'] }],
    ['in another language', { PATH: process.env['PATH'], LC_ALL: 'tr_TR.UTF-8', LANG: 'nonsense' }],
    ['with a clock elsewhere', { PATH: process.env['PATH'], TZ: 'Pacific/Kiritimati' }],
    ['with a narrow terminal', { PATH: process.env['PATH'], COLUMNS: '40', TERM: 'dumb' }],
    ['with odd wishes of colour', { PATH: process.env['PATH'], FORCE_COLOR: '3', NO_COLOR: '1', TERM: '\u001b[31m' }],
  ])('%s changes nothing', async (_, env) => {
    const usual = await listing({ PATH: process.env['PATH'], HOME: folder });
    const { stdout, exitCode } = await listing(env);
    expect([exitCode, stdout]).toEqual([0, usual.stdout]);
    expect(stdout).toContain('20261121T202045Z-ep99t6');
  });

  test('with other tools of the same names first in its PATH: they are not what drops our rights', async () => {
    for (const tool of ['setpriv', 'ip', 'sh', 'mount', 'nsenter', 'id']) {
      writeFileSync(`${folder}/${tool}`, `#!/bin/sh\ntouch '${folder}/ran'\n`, { mode: 0o755 });
    }
    const { stdout, exitCode } = await listing({ PATH: `${folder}:${process.env['PATH']}` });
    expect([exitCode, existsSync(`${folder}/ran`)]).toEqual([0, false]);
    expect(stdout).toContain('20261121T202045Z-ep99t6');
  });

  test('that lets everybody write: files are ours all the same', async () => {
    writeFileSync(`${folder}/e.yaml`, SIMULATED);
    const command = [process.execPath, '--no-warnings', `${ROOT}/src/main.ts`, 'run', `${folder}/e.yaml`, '--results', `${folder}/r`];
    await execa('sh', ['-c', 'umask 000; exec "$@"', 'sh', ...command]);
    const { stdout } = await execa('find', [`${folder}/r`, '-type', 'f', '-perm', '/0007']);
    expect(stdout).toBe('');
  });
});

test('a memory that is not enough for what is read ends the command with a code', async () => {
  const { exitCode, stderr } = await meshtax(['report', 'latest', '--results', PUBLISHED], {
    env: { NODE_OPTIONS: '--max-old-space-size=24' },
  });
  expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/^MT4009 .* SIGABRT /m)]);
});

test('a reader that goes away ends the command, without a word about bugs', async () => {
  const child = spawn(process.execPath, [
    '--no-warnings',
    `${ROOT}/src/main.ts`,
    'report',
    'latest',
    '--results',
    PUBLISHED,
    '--format',
    'json',
  ]);
  child.stdout.destroy();
  let words = '';
  child.stderr.on('data', (text: Buffer) => (words += text.toString()));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect([code, words]).toEqual([0, '']);
});

describe('a file that is', () => {
  test.each<[string, (file: string) => unknown]>([
    ['a pipe that nobody writes to', (file) => execa('mkfifo', [file])],
    ['a folder', (file) => mkdirSync(file)],
    ['a device without an end', (file) => symlinkSync('/dev/zero', file)],
    ['a link to itself', (file) => symlinkSync(file, file)],
    ['UTF-16', (file) => writeFileSync(file, Buffer.from(`\ufeff${SIMULATED}`, 'utf16le'))],
    ['not text', (file) => writeFileSync(file, Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 197) & 255)))],
    ['ten megabytes of one word', (file) => writeFileSync(file, `name: ${'x'.repeat(1e7)}`)],
    ['a hole of a terabyte', (file) => (writeFileSync(file, ''), truncateSync(file, 2 ** 40))],
    ['not there', () => {}],
  ])('%s is refused with a code, as an experiment and inside of a run', async (_, make) => {
    await make(`${folder}/e.yaml`);
    const plan = await meshtax(['plan', `${folder}/e.yaml`], { timeoutMs: 20_000 });
    expect([plan.exitCode, plan.stderr.slice(0, 4)]).toEqual([2, 'MT10']);

    const run = `${folder}/results/x/20260101T000000Z-abcdef`;
    mkdirSync(run, { recursive: true });
    await make(`${run}/run.json`);
    const shown = await meshtax(['report', run], { timeoutMs: 20_000 });
    expect([shown.exitCode, shown.stderr.slice(0, 5)]).toEqual([2, 'MT400']);
    const listed = await meshtax(['list', '--results', `${folder}/results`], { timeoutMs: 20_000 });
    expect([listed.exitCode, listed.stderr.includes('has a bug')]).toEqual([0, false]);
  });
});
