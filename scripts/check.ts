/** `npm run check`: format, types, lint, unused code, unit, contract and golden tests. Stops at the first failure. */
import { execa } from 'execa';

const steps: readonly (readonly [title: string, file: string, ...args: string[]])[] = [
  ['format', 'oxfmt', '--check', 'src', 'test', 'bench', 'scripts'],
  ['types', 'tsc'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['unused code', 'knip'],
  ['schema', process.execPath, 'scripts/schema-is-current.ts'],
  ['tests', 'vitest', 'run', '--project', 'unit', '--project', 'contract', '--project', 'golden', '--reporter', 'dot'],
];

for (const [title, file, ...args] of steps) {
  const start = performance.now();
  const result = await execa(file, args, { preferLocal: true, reject: false, all: true });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (result.exitCode !== 0) {
    console.error(result.all);
    console.error(`${title}: failed (${seconds} s)`);
    process.exit(1);
  }
  console.log(`${title}: ok (${seconds} s)`);
}
