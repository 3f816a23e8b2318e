/** YAML to what a schema makes of it, every error with its place in the file. */
import { isMap, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';
import { MeshtaxError, reasonOf, type ErrorCode, type Place } from '../model/errors.ts';
import type { App } from './app.ts';

const MAX_BYTES = 1024 * 1024;

/** @throws MeshtaxError MT1002. */
export async function readYamlText(app: App, file: string, mostBytes = MAX_BYTES): Promise<string> {
  try {
    const bytes = await app.system.files.readBytes(file);
    if (bytes.length > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new MeshtaxError('MT1002', { file, reason: reasonOf(error) });
  }
}

/** @throws MeshtaxError MT1003, or `invalid` (with a `problem`), with `file:line:col`. */
export function parseYaml<T>(schema: z.ZodType<T>, text: string, file: string, invalid: ErrorCode): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [syntax] = document.errors;
  if (syntax) throw new MeshtaxError('MT1003', { problem: firstLine(syntax.message) }, { place: place(syntax.pos[0]) });
  const twice = told(file, () => keyTwice(document));
  if (twice !== undefined) throw new MeshtaxError('MT1003', { problem: 'Map keys must be unique' }, { place: place(twice) });
  const parsed = schema.safeParse(told(file, () => document.toJS({ maxAliasCount: 50 }) as unknown));
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0] as z.core.$ZodIssue);
  const offset = offsetOf(document, issue.path, issue.unknownKey);
  throw new MeshtaxError(invalid, { problem: `${issue.path.join('.') || 'the document'}: ${issue.message}` }, { place: place(offset) });
}

/** Where the second one is. The library's own check compares each key with every other: minutes for a file of a million bytes. */
function keyTwice(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) found = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
        seen.add(name);
      }
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

/** What is nested too deep, or repeats itself too often, ends in the library. */
function told<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new MeshtaxError('MT1003', { problem: reasonOf(error) }, { place: { file } });
  }
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly unknownKey: string | undefined;
}

/** An entry may be an id or an object: of a failed choice, the branch that got furthest is what the writer meant. */
function deepest(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[] = []): Problem {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.flatMap((branch) => (branch[0] ? [deepest(branch[0], path)] : []));
    const meant = branches.filter((branch) => !/^Invalid (option|input: expected (string|object))/.test(branch.message));
    const best = [...(meant.length > 0 ? meant : branches)].sort((a, b) => b.path.length - a.path.length)[0];
    if (best) return best;
  }
  if (issue.code === 'invalid_union') {
    const options = (issue as { options?: readonly unknown[] }).options?.map(String) ?? [];
    return {
      path,
      message: options.length > 0 ? `expected one of ${options.join(', ')}` : 'expected a known id or an object with one',
      unknownKey: undefined,
    };
  }
  if (issue.code === 'unrecognized_keys') return { path, message: `unknown key "${issue.keys[0]}"`, unknownKey: issue.keys[0] };
  if (issue.code === 'invalid_value')
    return { path, message: `expected one of ${issue.values.map(String).join(', ')}`, unknownKey: undefined };
  return { path, message: issue.message.replace(/^Invalid input: /, ''), unknownKey: undefined };
}

/** Of the node at the path, or of the nearest one above it that exists. */
function offsetOf(document: Document, path: readonly PropertyKey[], unknownKey: string | undefined): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (unknownKey !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === unknownKey);
      if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    if (node?.range) return node.range[0];
  }
  return 0;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/ at line \d+.*$/, '');
}
