/** Who runs as whom: only what docs/security.md gives a reason for is root. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { execa } from 'execa';
import { PROXY_UID, READER_UID, WORKER_UID } from '../../src/model/uids.ts';
import { descendantsOf } from '../campaign/processes.ts';
import { watchRun } from '../campaign/watched-run.ts';
import { meshtax, ROOT, TINY, workspace, type Workspace } from './machine.ts';

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(async () => {
  await meshtax(['clean', '--all', '--force']);
  await space.remove();
});

function uidOf(pid: number): number | undefined {
  try {
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('in a run only meshtax itself is root; nothing listens in the host’s network; files are not for others', async () => {
  const file = await space.write('e.yaml', TINY);
  const run = watchRun(['run', file, '--results', space.results]);
  await run.reached('trial-started', 2);
  const below = descendantsOf(run.pid).filter((pid) => uidOf(pid) !== undefined);
  const roots = below.filter((pid) => uidOf(pid) === 0).map((pid) => commandOf(pid));
  expect(below.length).toBeGreaterThan(10);
  // What is asked for a moment, as root, and the reader of perf events.
  expect(
    roots.filter((command) => !/observer|flow-reader|^(?:\/\S*\/)?(?:ip|tc|iptables|nsenter|bpftool|sysctl|sh|setpriv)\b/.test(command)),
  ).toEqual([]);
  expect(new Set(below.map((pid) => uidOf(pid)).filter((uid) => uid !== 0))).toEqual(new Set([WORKER_UID, PROXY_UID]));
  const { stdout } = await execa('ss', ['--listening', '--tcp', '--processes', '--numeric', '--no-header']);
  expect(stdout.split('\n').filter((line) => [run.pid, ...below].some((pid) => line.includes(`pid=${pid},`)))).toEqual([]);
  expect([0, 4]).toContain(await run.exit);
  const open = (readdirSync(space.results, { recursive: true }) as string[]).filter(
    (name) => (statSync(`${space.results}/${name}`).mode & 0o007) !== 0,
  );
  expect(open).toEqual([]);
});

test('what only reads is put apart, and may write nothing that was not asked for', async () => {
  const site = `${space.directory}/site`;
  const reading = execa(`${ROOT}/meshtax`, ['report', '--site', site, '--results', `${ROOT}/results/published`]);
  const uids = new Set<number>();
  const timer = setInterval(() => {
    for (const pid of descendantsOf(reading.pid ?? -1)) uids.add(uidOf(pid) ?? -1);
  }, 10);
  await reading;
  clearInterval(timer);
  expect(uids).toContain(READER_UID);
  expect(readdirSync(site)).toContain('index.html');
  expect(statSync(`${site}/index.html`).uid).toBe(0);
});
