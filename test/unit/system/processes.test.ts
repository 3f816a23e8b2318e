import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { processes } from '../../../src/system/processes.ts';

const SAYS = ['process.stderr.write("to the log\\n".repeat(20_000)); console.log("a line")'] as const;

async function saidWith(logFile: string) {
  const lines: string[] = [];
  const { exitCode } = await processes.start([process.execPath, '-e', ...SAYS], { logFile, onLine: (line) => lines.push(line) }).ended;
  return { exitCode, lines };
}

test('a process whose log cannot be written goes on, and so do we', async () => {
  expect(await saidWith('/nowhere/at/all.log')).toEqual({ exitCode: 0, lines: ['a line'] });
});

test('a full disk takes the log, not the process', async () => {
  expect(await saidWith('/dev/full')).toEqual({ exitCode: 0, lines: ['a line'] });
});

test('a Ctrl-C on the terminal is for us: what we ask meanwhile is answered', async () => {
  const module = new URL('../../../src/system/processes.ts', import.meta.url).href;
  const asks = `import { processes } from '${module}'; process.on('SIGINT', () => {}); console.log('asking');
    console.log((await processes.run(['sleep', '0.5'], { mayFail: true })).exitCode);`;
  const us = execa(process.execPath, ['--no-warnings', '--input-type=module', '-e', asks], { detached: true, reject: false });
  // The group, as a terminal does.
  us.stdout.once('data', () => setTimeout(() => process.kill(-(us.pid ?? 0), 'SIGINT'), 100));
  expect((await us).stdout).toBe('asking\n0');
});

test('what it says goes to its log, and lines to who listens', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'meshtax-processes-'));
  try {
    expect(await saidWith(`${directory}/log`)).toEqual({ exitCode: 0, lines: ['a line'] });
    await vi.waitFor(() => expect(readFileSync(`${directory}/log`, 'utf8')).toHaveLength(20_000 * 11));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
