/** `npm run check`: format, types, lint, unused code, what is generated, unit, contract and golden tests. Stops at the first failure. */
import { execa } from 'execa';

const steps: readonly (readonly [title: string, file: string, ...args: string[]])[] = [
  ['format', 'oxfmt', '--check', 'src', 'test', 'bench', 'scripts'],
  ['types', 'tsc'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['unused code', 'knip'],
  ['schema', process.execPath, 'scripts/schema-is-current.ts'],
  ['codes', process.execPath, 'scripts/codes.ts', '--check'],
  ['bill of materials', process.execPath, 'scripts/sbom.ts', '--check'],
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

/** The registry is asked for what is known of the packages that run; without an answer nothing is known, and that is said. */
const audit = await execa('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], { reject: false, timeout: 60_000 });
const found = parse(audit.stdout);
if (!found?.metadata) console.log('known vulnerabilities: not asked, the registry does not answer');
else if (audit.exitCode === 0) console.log('known vulnerabilities: none that is high');
else {
  console.error(audit.stdout);
  console.error('known vulnerabilities: failed');
  process.exit(1);
}

function parse(text: string): { metadata?: unknown } | undefined {
  try {
    return JSON.parse(text) as { metadata?: unknown };
  } catch {
    return undefined;
  }
}
