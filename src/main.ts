/** Where it starts. What only reads is put apart when root started it (system/apart.ts); everything else is composed here and now. */
import { fileURLToPath } from 'node:url';

const READING = new Set([
  'list',
  'show',
  'verify',
  'analyse',
  'summary',
  'gate',
  'report',
  'compare',
  'import',
  'cost',
  'lint',
  'plan',
  'schema',
]);

const argv = process.argv.slice(2);
const { isRoot, runApart } = await import('./system/apart.ts');
if (isRoot() && READING.has(argv[0] ?? '')) {
  try {
    process.exitCode = await runApart(fileURLToPath(import.meta.url), argv, process.env['NODE_COMPILE_CACHE']);
  } catch (error) {
    const { formatError, MeshtaxError } = await import('./model/errors.ts');
    if (!(error instanceof MeshtaxError)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = error.exit;
  }
} else {
  await import('./compose.ts');
}
