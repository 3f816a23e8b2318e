import { expect, test } from 'vitest';
import { lab } from '../../../src/clusters/lab/lab.ts';
import { installPackages, missingPackages } from '../../../src/clusters/lab/requirements.ts';
import { findEnvoy } from '../../../src/clusters/lab/envoy-binary.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

const opening = { runId: 'abcdef', logDirectory: '/logs', allowConcurrent: false };
const selected = lab.schema.parse({ id: 'lab' });
const MOUNTS = {
  '/proc/mounts': 'cgroup2 /sys/fs/cgroup cgroup2 rw 0 0',
  '/proc/4242/stat': `4242 (a b) ${Array.from({ length: 30 }, (_, i) => i).join(' ')}`,
  '/proc/5151/stat': `5151 (another) ${Array.from({ length: 30 }, (_, i) => i).join(' ')}`,
};

test.each([
  ['without root', { uid: 1000 }, /needs root .*namespaces/],
  ['on another system', { platform: 'darwin' }, /needs Linux, this is darwin/],
])('%s: one plain sentence, and what works all the same', async (_title, options, sentence) => {
  const error = await Promise.resolve(lab.open(selected, fakeSystem(options), opening, () => {})).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'MT2001', exit: 3 });
  expect((error as Error).message).toMatch(sentence);
  expect((error as { fix: string }).fix).toContain('stored runs work here');
});

test('without eBPF: one plain sentence', async () => {
  const system = fakeSystem({
    files: new MemoryFiles(MOUNTS),
    answer: (command) => (command[0] === 'mount' ? { exitCode: 32, stderr: 'unknown filesystem type' } : {}),
  });
  await expect(lab.open(selected, system, opening, () => {})).rejects.toThrow(/has no eBPF .*unknown filesystem type/);
});

test('a run that is alive keeps others out, a dead one does not; no run is ever opened twice', async () => {
  const lease = (startTicks: string) => JSON.stringify({ run: 'other', pid: 5151, startTicks, bpfStatsBefore: '0' });
  const withLock = (startTicks: string) => new MemoryFiles({ ...MOUNTS, '/run/meshtax/other/lease.json': lease(startTicks) });
  await expect(lab.open(selected, fakeSystem({ files: withLock('19') }), opening, () => {})).rejects.toMatchObject({ code: 'MT2002' });
  const files = withLock('7'); // the same pid, but another process
  // It gets as far as its meters, which this machine in memory never compiled.
  await expect(lab.open(selected, fakeSystem({ files }), opening, () => {})).rejects.toMatchObject({ code: 'MT2005' });
  expect(files.content.get('/run/meshtax/abcdef/lease.json')).toContain('abcdef');
  const again = lab.open(selected, fakeSystem({ files: withLock('19') }), { ...opening, runId: 'other', allowConcurrent: true }, () => {
    throw new Error('it must not even prepare to undo what the live run made');
  });
  await expect(again).rejects.toMatchObject({ code: 'MT2002' });
});

const EVERY = { run: undefined, place: undefined, waitMs: 0 };
const leftover = (state: string) => {
  const lease = JSON.stringify({ run: 'abcdef', pid: 4242, startTicks: '19', bpfStatsBefore: '0' });
  const stat = `4242 (a b) ${state} ${Array.from({ length: 30 }, (_, i) => i + 1).join(' ')}`;
  return new MemoryFiles({ '/proc/mounts': MOUNTS['/proc/mounts'], '/proc/4242/stat': stat, '/run/meshtax/abcdef/lease.json': lease });
};

test('a run whose process only waits to be reaped is over', async () => {
  const files = leftover('Z');
  expect(await lab.clean?.(fakeSystem({ files }), { ...EVERY, force: false })).toMatchObject({ kept: [], failed: [] });
  expect(files.content.has('/run/meshtax/abcdef/lease.json')).toBe(false);
});

test('a run that is alive is kept; with force its process is ended before what it made', async () => {
  const files = leftover('S');
  expect((await lab.clean?.(fakeSystem({ files }), { ...EVERY, force: false }))?.kept).toHaveLength(1);
  const killed: string[] = [];
  const answer = (command: readonly string[]) => {
    if (command[0] === 'kill') killed.push(command.slice(1).join(' '));
    if (command.includes('-KILL')) files.content.delete('/proc/4242/stat');
    return {};
  };
  expect(await lab.clean?.(fakeSystem({ files, answer }), { ...EVERY, force: true })).toMatchObject({ kept: [], failed: [] });
  expect(killed).toEqual(['-TERM 4242', '-KILL 4242']);
  expect(files.content.has('/run/meshtax/abcdef/lease.json')).toBe(false);
});

test('a scratch folder: kept while its process is alive, removed with the leftovers when it died; it keeps no lab of the same process out', async () => {
  const files = leftover('S');
  files.content.delete('/run/meshtax/abcdef/lease.json');
  const system = fakeSystem({ files });
  const folder = (await lab.scratch?.(system, () => {})) ?? '';
  files.content.set(`${folder}/log`, 'x');
  expect((await lab.clean?.(system, { ...EVERY, force: false }))?.kept).toEqual([expect.stringContaining('is alive')]);
  await expect(lab.open(selected, system, opening, () => {})).rejects.toMatchObject({ code: 'MT2005' });
  files.content.delete('/proc/4242/stat');
  await lab.clean?.(system, { ...EVERY, force: false });
  expect([...files.content.keys()].filter((file) => file.startsWith(folder))).toEqual([]);
});

test('missing packages are named before anything is installed; without apt they are only named', async () => {
  const system = fakeSystem({ files: new MemoryFiles({ '/usr/bin/ip': '', '/usr/sbin/tc': '', '/usr/bin/python3': '' }) });
  expect(await missingPackages(system)).toEqual(['bpftool', 'clang', 'iptables', 'libbpf-dev', 'llvm', 'openssl', 'procps', 'util-linux']);
  await expect(installPackages(system, ['clang'], () => {})).rejects.toMatchObject({ code: 'MT2006' });
  expect(system.commands).toEqual([['/usr/bin/python3', '-c', 'import pip']]);
  const withoutPip = fakeSystem({ files: new MemoryFiles({ '/usr/bin/python3': '' }), answer: () => ({ exitCode: 1 }) });
  expect(await missingPackages(withoutPip)).toContain('python3-pip');
});

test('Envoy: MESHTAX_ENVOY, then the cache, else MT2003', async () => {
  const system = fakeSystem({ files: new MemoryFiles({ '/opt/envoy': '', '/c/meshtax/envoy-1.40.0/envoy': '' }) });
  expect(await findEnvoy({ ...system, env: { MESHTAX_ENVOY: '/opt/envoy', XDG_CACHE_HOME: '/c' } })).toBe('/opt/envoy');
  expect(await findEnvoy({ ...system, env: { XDG_CACHE_HOME: '/c' } })).toBe('/c/meshtax/envoy-1.40.0/envoy');
  await expect(findEnvoy({ ...system, env: { XDG_CACHE_HOME: '/empty' } })).rejects.toMatchObject({ code: 'MT2003' });
  await expect(findEnvoy({ ...system, env: { MESHTAX_ENVOY: '/gone' } })).rejects.toThrow(/names \/gone, which does not exist/);
});
