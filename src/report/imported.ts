/** Files of other tools as a document: what they say, what they can carry, and a comparison where they were repeated. */
import { carries, compareImported, REPETITIONS } from '../analysis/imported.ts';
import type { Table } from '../charts/chart.ts';
import { formatDifference, formatRatioInterval, formatValue } from '../model/format.ts';
import type { Imported } from '../model/imported.ts';
import type { Random } from '../model/random.ts';
import type { Block, ReportDocument } from './document.ts';

export interface ImportedFile {
  readonly name: string;
  readonly found: Imported;
}

export interface ImportedGroups {
  readonly files: readonly ImportedFile[];
  /** Compared with `files`; empty where nothing is. */
  readonly against: readonly ImportedFile[];
}

const SETTINGS = { confidence: 0.95, margin: 0.05 } as const;

export function importedDocument({ files, against }: ImportedGroups, random: Random): ReportDocument {
  const all = [...files, ...against];
  const compared = compareImported(
    files.map(({ found }) => found),
    against.map(({ found }) => found),
    { ...SETTINGS, random },
  );
  const verdicts =
    against.length === 0
      ? ['Description only: without repetitions of two sides there is no verdict.']
      : compared.length === 0
        ? [`No verdict: ${REPETITIONS} repetitions of each side are needed, there are ${files.length} and ${against.length}.`]
        : compared.map(
            ({ metric, versus }) =>
              `${metric.title}: the second ${versus.verdict === 'higher' || versus.verdict === 'lower' ? `is ${versus.verdict}` : `shows ${versus.verdict}`}, ${formatDifference('ns', versus.difference)}${versus.ratio ? ` (${formatRatioInterval(versus.ratio)})` : ''}.`,
          );
  return {
    title: 'Results of other tools',
    subtitle: `${all.length} files`,
    verdicts,
    blocks: [
      { kind: 'table', table: factTable(all) },
      { kind: 'table', table: latencyTable(all) },
      { kind: 'heading', level: 2, text: 'What they can carry' },
      ...all.flatMap(carriesBlocks),
      ...(compared.length === 0
        ? []
        : [
            {
              kind: 'paragraph' as const,
              text: `Repetitions were paired in the order given and judged with ${SETTINGS.confidence * 100} % intervals of the ratio, Holm over the percentiles, ±${SETTINGS.margin * 100} % as no difference. Whether they were made in turns, in random order, the files do not say.`,
            },
          ]),
    ],
  };
}

function carriesBlocks({ name, found }: ImportedFile): Block[] {
  const { supports, cannot } = carries(found);
  return [
    { kind: 'heading', level: 3, text: name },
    { kind: 'list', items: [...supports.map((each) => `supports: ${each}`), ...cannot.map((each) => `does not: ${each}`)] },
  ];
}

function factTable(files: readonly ImportedFile[]): Table {
  return {
    caption: 'What was done',
    columns: [
      ...['file', 'tool', 'loop', 'clock from'].map((title) => ({ title, align: 'left' as const })),
      ...['asked for, /s', 'achieved, /s', 'connections', 'seconds', 'requests', 'errors'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    rows: files.map(({ name, found }) => {
      const number = (value: number | undefined) => (value === undefined ? 'not said' : String(Number(value.toFixed(2))));
      const { tool, toolVersion, loop, clock, requestedPerSecond, achievedPerSecond, connections, durationS, requests, errors } = found;
      return [
        ...[name, `${tool}${toolVersion === undefined ? '' : ` ${toolVersion}`}`, loop, clock],
        ...[requestedPerSecond, achievedPerSecond, connections, durationS, requests, errors].map(number),
      ];
    }),
  };
}

function latencyTable(files: readonly ImportedFile[]): Table {
  const shares = [...new Set(files.flatMap(({ found }) => found.percentiles.map(([share]) => share)))].sort((a, b) => a - b);
  return {
    caption: 'Latency, as the files give it',
    columns: [
      { title: 'file', align: 'left' },
      ...shares.map((share) => ({ title: `p${Number((share * 100).toFixed(3))}`, align: 'right' as const })),
    ],
    rows: files.map(({ name, found }) => [
      name,
      ...shares.map((share) => {
        const ns = found.percentiles.find(([each]) => each === share)?.[1];
        return ns === undefined ? '' : formatValue('ns', ns);
      }),
    ]),
  };
}
