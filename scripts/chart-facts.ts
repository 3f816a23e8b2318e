/**
 * The keys that a Helm chart knows, for `meshtax lint`: `node scripts/chart-facts.ts NAME VERSION DIRECTORY-OF-CHART`
 * writes clusters/kubernetes/facts/NAME-VERSION.keys. Only names and types go in, nothing of the chart's text.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Istio's charts nest their defaults, because of a limitation of Helm; users write the fields without this. */
const ISTIO_NEST = '_internal_defaults_do_not_set';

const [name = '', version = '', directory = ''] = process.argv.slice(2);
if (name === '' || version === '' || directory === '') throw new Error('usage: chart-facts NAME VERSION DIRECTORY-OF-CHART');
const values = parse(readFileSync(`${directory}/values.yaml`, 'utf8'), { maxAliasCount: 1000 }) as Record<string, unknown>;
const own = (values[ISTIO_NEST] ?? values) as Record<string, unknown>;
const inValues = [...keysOf(own, '')];
const known = new Set(inValues.map((line) => line.split(' ')[0]));
const all = [...inValues, ...[...keysOfTemplates()].filter((key) => !known.has(key)).map((key) => `${key} any`)];
const header = `# Keys of the chart ${name} ${version} and the types of their defaults; made by scripts/chart-facts.ts.\n`;
writeFileSync(`clusters/kubernetes/facts/${name}-${version}.keys`, `${header}${all.sort().join('\n')}\n`);

/** `path type`; an empty map takes any key (`open`), what is inside lists is not looked at. */
function* keysOf(node: Record<string, unknown>, prefix: string): Generator<string> {
  for (const [key, value] of Object.entries(node)) {
    const path = `${prefix}${key.replaceAll('.', '\\.')}`;
    yield `${path} ${typeOf(value)}`;
    if (typeOf(value) === 'map') yield* keysOf(value as Record<string, unknown>, `${path}.`);
  }
}

/** Keys without a default stand only where they are used: `.Values.hubble.eventBufferCapacity`. */
function keysOfTemplates(): Set<string> {
  const files = readdirSync(`${directory}/templates`, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('validate'),
  );
  const keys = new Set<string>();
  for (const { parentPath, name: file } of files)
    for (const [, key = ''] of readFileSync(`${parentPath}/${file}`, 'utf8').matchAll(/\.Values\.([A-Za-z][\w.]*\w)/g)) keys.add(key);
  return keys;
}

function typeOf(value: unknown): string {
  if (value === null) return 'any';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'open' : 'map';
  return typeof value;
}
