/** From the text of a file to what is wrong in it. Pure. */
import { isMap, LineCounter, parseAllDocuments, type Document, type Node, type Pair } from 'yaml';
import { reasonOf, type Place } from '../model/errors.ts';
import { argumentsOf, flagsOf } from './commands.ts';
import type { LintDocument, LintFacts, LintFinding, PlacedKey, TextDocument, ValuesDocument } from './document.ts';
import { rules } from './index.ts';

/** Share of the keys, whatever their depth. */
const LEAST_KNOWN = 1 / 3;
const MOST_ALIASES = 100;

export interface Linted extends LintFinding {
  readonly rule: string;
}

/** `chart`: what values are for; default: the chart whose keys fit best. */
export function lintText(file: string, text: string, facts: LintFacts, chart?: string): readonly Linted[] {
  const yaml = /\.(ya?ml|json)$/.test(file) ? parsed(file, text) : undefined;
  const broken = yaml ? problemsOf(yaml) : [];
  // What half a file means nobody knows.
  if (broken.length > 0) return broken;
  const documents = yaml ? yamlDocuments(yaml, file, facts, chart) : [textDocument(file, text)];
  const all = documents.flatMap((document) => [document, ...(document.kind === 'text' ? settings(document) : [])]);
  return all.flatMap((document) => rules.flatMap((rule) => rule.judge(document, facts).map((finding) => ({ rule: rule.id, ...finding }))));
}

interface Yaml {
  readonly documents: readonly { readonly document: Document; readonly value: unknown; readonly problem: string | undefined }[];
  readonly placeAt: (offset: number | undefined) => Place;
}

function parsed(file: string, text: string): Yaml {
  const lines = new LineCounter();
  return {
    documents: parseAllDocuments(text, { lineCounter: lines }).map((document) => ({ document, ...valueOf(document) })),
    placeAt(offset) {
      const { line, col } = lines.linePos(offset ?? 0);
      return { file, line, column: col };
    },
  };
}

/** `problem`: its first error, an alias that leads nowhere, or more aliases than anybody writes. */
function valueOf(document: Document): { value: unknown; problem: string | undefined } {
  try {
    return { problem: document.errors[0]?.message.split('\n')[0], value: document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown };
  } catch (error) {
    return { problem: reasonOf(error), value: undefined };
  }
}

function problemsOf({ documents, placeAt }: Yaml): Linted[] {
  const fix = 'correct it; nothing else of the file was looked at';
  return documents.flatMap(({ document, problem }): Linted[] => {
    const place = placeAt(document.errors[0]?.pos[0] ?? document.contents?.range?.[0]);
    return problem === undefined ? [] : [{ rule: 'yaml', level: 'error', place, what: `no valid YAML: ${problem}`, fix }];
  });
}

function yamlDocuments({ documents, placeAt }: Yaml, file: string, facts: LintFacts, chart: string | undefined): LintDocument[] {
  return documents.flatMap(({ document, value }): LintDocument[] => {
    return objectsIn(value ?? {}).flatMap(({ at, each }): LintDocument[] => {
      const object = each as Record<string, unknown>;
      if (typeof object !== 'object' || object === null) return [];
      if (typeof object['apiVersion'] !== 'string' || typeof object['kind'] !== 'string') {
        if (at.length > 0) return [];
        const keys = [...keysOf(document, document.contents, '', placeAt)];
        return [{ kind: 'values', file, chart: chart ?? bestChart(keys, facts), keys }];
      }
      const placeOf = (path: readonly (string | number)[]) => placeAt(offsetOf(document, [...at, ...path]));
      return [{ kind: 'resource', file, apiVersion: object['apiVersion'], resource: object['kind'], object, placeOf }];
    });
  });
}

/** What a document holds: itself, or the items of a list, also of one that Kubernetes calls so (`kubectl get -o yaml`). */
function objectsIn(value: unknown): { at: (string | number)[]; each: unknown }[] {
  if (Array.isArray(value)) return (value as unknown[]).map((each, index) => ({ at: [index], each }));
  const { kind, items } = value as Record<string, unknown>;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ at: [], each: value }];
  return (items as unknown[]).map((each, index) => ({ at: ['items', index], each }));
}

function* keysOf(
  document: Document,
  node: Node | null,
  prefix: string,
  placeAt: (offset: number | undefined) => Place,
): Generator<PlacedKey> {
  if (!isMap(node)) return;
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = String((pair.key as unknown as { value: unknown }).value).replaceAll('.', '\\.');
    const path = `${prefix}${key}`;
    yield { path, value: pair.value?.toJS(document) as unknown, place: placeAt(pair.key.range?.[0]) };
    yield* keysOf(document, pair.value, `${path}.`, placeAt);
  }
}

/** Of a path that may lead further than the document does: the deepest part that is there. */
function offsetOf(document: Document, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) as Node | undefined;
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = (parent.items as Pair<Node, Node>[]).find(({ key }) => (key as unknown as { value: unknown }).value === last);
      if (pair) return pair.key.range?.[0];
    }
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return document.contents?.range?.[0];
}

/** Undefined when hardly a key is of any chart that is known: then it is something else. */
function bestChart(keys: readonly PlacedKey[], { keys: trees, changes }: LintFacts): string | undefined {
  const candidates = [...trees].map(([chart, tree]) => {
    const own = new Set([...tree.keys(), ...changes.filter((each) => each.chart === chart).map(({ key }) => key)]);
    return { chart, fits: keys.filter(({ path }) => own.has(path)).length };
  });
  const [best] = candidates.sort((a, b) => b.fits - a.fits);
  return best && best.fits >= keys.length * LEAST_KNOWN ? best.chart : undefined;
}

/** Lines that end in a backslash go on; the place is that of the first. */
function textDocument(file: string, text: string): TextDocument {
  const joined: { text: string; place: Place }[] = [];
  let open: { text: string; place: Place } | undefined;
  text.split('\n').forEach((line, index) => {
    const own: string = open ? `${open.text} ${line.trim()}` : line;
    const place = open?.place ?? { file, line: index + 1, column: 1 };
    open = line.endsWith('\\') ? { text: own.slice(0, -1), place } : undefined;
    // In prose a command stands between backticks, and ends there.
    const spans = [...own.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
    if (!open) joined.push(...(spans.length > 0 ? spans : [own]).map((each) => ({ text: each, place })));
  });
  return { kind: 'text', file, lines: joined };
}

/** `helm install … --set a.b=c`: the same keys as in a file of values. */
function settings({ file, lines }: TextDocument): ValuesDocument[] {
  return lines.flatMap(({ text, place }): ValuesDocument[] => {
    const chart = chartOf(text) ?? (/\bcilium\s+install\b/.test(text) ? 'cilium' : undefined);
    if (chart === undefined) return [];
    const pairs = flagsOf([...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ''))).flatMap(
      ({ name, value }) => (/^set(-string)?$/.test(name) && value !== undefined ? partsOf(value.replaceAll(/^["']|["']$/g, '')) : []),
    );
    const keys = pairs.flatMap((pair): PlacedKey[] => {
      const [path, ...rest] = pair.split('=');
      return path === undefined || rest.length === 0
        ? []
        : [{ path: path.replace(/\[\d+\].*$/, ''), value: scalar(rest.join('=')), place }];
    });
    return keys.length === 0 ? [] : [{ kind: 'values', file, chart, keys }];
  });
}

/** `helm install RELEASE [REPOSITORY/]CHART`: the second word that is no flag nor the value of one. */
function chartOf(text: string): string | undefined {
  const words = argumentsOf(text, ['helm', 'install']) ?? argumentsOf(text, ['helm', 'upgrade']) ?? argumentsOf(text, ['helm', 'template']);
  const plain = words?.filter((word, index) => !word.startsWith('-') && !/^-(?!-install$|-wait$|i$)[^=]*$/.test(words[index - 1] ?? ''));
  const name = plain?.[1]?.split('/').at(-1);
  return name !== undefined && ['cilium', 'istiod', 'ztunnel'].includes(name) ? name : undefined;
}

/** At commas that are neither escaped nor inside of braces. */
function partsOf(text: string): string[] {
  return [...text.matchAll(/(?:\\.|\{[^}]*\}|[^,\\{])+/g)].map(([part]) => part);
}

function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.startsWith('{') ? text.slice(1, -1).split(',') : text;
}
