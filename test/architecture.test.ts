/** Which room may import which. The table is the design's; docs/decisions/001-rooms.md says where and why it differs. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  plan: ['model'],
  analysis: ['model'],
  charts: ['model', 'analysis'],
  report: ['model', 'analysis', 'charts'],
  importers: ['model'],
  exporters: ['model', 'analysis', 'report'],
  datapaths: ['model'],
  workloads: ['model'],
  clusters: ['model'],
  generators: ['model'],
  collectors: ['model'],
  checks: ['model'],
  lint: ['model'],
  store: ['model'],
  progress: ['model'],
  run: ['model', 'plan', 'store'],
  calibrate: ['model', 'analysis'],
  cli: ['model', 'plan', 'analysis', 'report', 'exporters', 'importers', 'run', 'store', 'calibrate', 'lint'],
  system: ['model'],
};
const PURE = ['model', 'plan', 'analysis', 'charts', 'report', 'exporters', 'importers', 'lint'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly target: string;
}

const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts'));
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(path.join(SRC, file), 'utf8');
  return [...text.matchAll(/(?:^import|^export|\bimport\()[^'"]*?['"]([^'"]+)['"]/gms)].map((match) => ({
    file,
    from: file.split('/')[0] as string,
    target: match[1] as string,
  }));
});
const roomOf = ({ file, target }: Import): string | undefined =>
  target.startsWith('.') ? path.relative(SRC, path.resolve(SRC, path.dirname(file), target)).split('/')[0] : undefined;

describe('architecture', () => {
  test('something was read', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(imports.length).toBeGreaterThan(300);
  });

  test('every room is in the table, and the table has no room that is not there', () => {
    const rooms = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
    expect(rooms).toEqual(new Set(Object.keys(ALLOWED)));
  });

  test('rooms import only what they may', () => {
    const wrong = imports.filter((each) => {
      const room = roomOf(each);
      return (
        !['main.ts', 'compose.ts'].includes(each.from) && room !== undefined && room !== each.from && !ALLOWED[each.from]?.includes(room)
      );
    });
    expect(wrong.map((each) => `${each.file} imports ${each.target}`)).toEqual([]);
  });

  test('no allowed edge is stale', () => {
    const used = new Set(imports.map((each) => `${each.from} -> ${roomOf(each)}`));
    const stale = Object.entries(ALLOWED).flatMap(([from, targets]) =>
      targets.map((to) => `${from} -> ${to}`).filter((edge) => !used.has(edge)),
    );
    expect(stale).toEqual([]);
  });

  test('pure rooms touch no outside world, no clock and no chance', () => {
    const pure = files.filter((file) => PURE.includes(file.split('/')[0] as string));
    const impure = pure.filter((file) =>
      /from 'node:|\bprocess\.\w+\(|\bprocess\.(?:env|argv|pid)|Date\.now|new Date\(\)|Math\.random|performance\.now/.test(
        readFileSync(path.join(SRC, file), 'utf8'),
      ),
    );
    expect(impure).toEqual([]);
  });

  test('files stay within reach: 300 lines', () => {
    const long = files.filter((file) => readFileSync(path.join(SRC, file), 'utf8').split('\n').length > 320);
    expect(long).toEqual([]);
  });
});
