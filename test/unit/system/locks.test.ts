import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { locks } from '../../../src/system/locks.ts';

const MODULE = fileURLToPath(new URL('../../../src/system/locks.ts', import.meta.url));
const name = () => `test-${process.pid}-${Math.round(performance.now() * 1000)}`;

test.runIf(process.platform === 'linux')('one at a time; released, it is free again', async () => {
  const lock = name();
  const release = await locks.take(lock);
  expect(release).toBeDefined();
  expect(await locks.take(lock)).toBeUndefined();
  await release?.();
  const again = await locks.take(lock);
  expect(again).toBeDefined();
  await again?.();
});

test.runIf(process.platform === 'linux')('it ends with its holder, however that ends', async () => {
  const lock = name();
  const program = `import { locks } from ${JSON.stringify(MODULE)}; await locks.take(${JSON.stringify(lock)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(await locks.take(lock)).toBeUndefined();
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  const release = await locks.take(lock);
  expect(release).toBeDefined();
  await release?.();
});
