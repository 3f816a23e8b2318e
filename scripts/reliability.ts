/** `npm run reliability`: docs/reliability.md from what the campaigns wrote into docs/reliability/. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isBad, type Findings, type Stamp } from '../test/campaign/record.ts';
import type { KillRecord } from '../test/crash/attempt.ts';
import type { LookRecord } from '../test/crash/campaign.ts';
import { faults as kinds, type FaultRecord } from '../test/faults/campaign.ts';
import type { FuzzRecord } from '../test/fuzz/campaign.ts';
import type { Slope } from '../test/soak/growth.ts';
import { keptPerHourMiB, type SoakRecord } from '../test/soak/record.ts';
import { markdownTable } from './markdown-table.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));

function records<T>(name: string): T[] {
  const file = `${docs}reliability/${name}.jsonl`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** `ended 4, invalid 1`: most frequent first. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([word, count]) => (counts.size === 1 ? word : `${word} ${count}`))
    .join(', ');
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, keyOf)];
}

const having = <T>(items: readonly T[], of: (item: T) => readonly unknown[]) => items.filter((item) => of(item).length > 0).length;

/** ` (MT0301, MT0302)` */
function codesIn(reason: string): string {
  const codes = /MT\d{4}(?:, MT\d{4})*/.exec(reason)?.[0];
  return codes === undefined ? '' : ` (${codes})`;
}

/** The last of those with one key: what was tried again counts once. */
function once<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

const crash = records<KillRecord | LookRecord>('kills');
const looks = crash.filter((record) => record.kind === 'whole machine');
const attempts = once(
  crash.filter((record) => record.kind !== 'whole machine'),
  ({ seed }) => seed,
);
const killed = attempts.filter(({ outcome }) => outcome !== 'not killed');
const faults = records<FaultRecord>('faults');
const fuzz = records<FuzzRecord & Stamp>('fuzz');

type Cells = readonly (string | number)[];

/** Times tried, outcome, leaked, lost, wrong. */
function rowOf<T extends Findings>(title: string, all: readonly T[], outcomeOf: (item: T) => string): Cells {
  return [
    title,
    all.length,
    tally(all.map(outcomeOf)),
    having(all, ({ leaked }) => leaked),
    having(all, ({ lost }) => lost),
    having(all, ({ wrong }) => wrong),
  ];
}

const killRows = grouped(attempts, ({ kind, outcome }) => (outcome === 'not killed' ? 'not killed: it had ended' : `killed: ${kind}`)).map(
  ([title, all]) => rowOf(title, all, ({ outcome }) => outcome),
);
const lookRow: Cells = [
  'the whole machine, after 15 kills',
  looks.length,
  'compared with what was there before',
  having(looks, ({ leaked }) => leaked),
  '',
  '',
];
const tried = grouped(
  faults.filter(({ outcome }) => outcome !== 'not tried'),
  ({ fault }) => fault,
);
const untried = grouped(
  faults.filter(({ outcome }) => outcome === 'not tried'),
  ({ fault }) => `${fault}: the machine was too busy`,
);
const faultRows = [...tried, ...untried].map(([title, all]) => rowOf(title, all, ({ outcome, reason }) => `${outcome}${codesIn(reason)}`));
const fuzzRows = grouped(fuzz, ({ target }) => target).map(([target, all]) => [
  `fuzzed: ${target}`,
  all.reduce((sum, { inputs }) => sum + inputs, 0),
  `a coded error or a right result; slowest ${Math.max(...all.map(({ slowestMs }) => slowestMs))} ms`,
  '',
  '',
  having(all, ({ failures }) => failures),
]);

/** `0.4 [-0.2, 1.1]` */
function slope(found: Slope | undefined, digits: number): string {
  if (found === undefined) return 'too short to say';
  const [mean, low, high] = [found.perHour, found.low, found.high].map((each) => each.toFixed(digits));
  return `${mean} [${low}, ${high}]`;
}

function soak(record: SoakRecord | undefined): string {
  if (!record) return 'Not tried yet.';
  const kB = (bytes: number) => (bytes / 1000).toFixed(0);
  const rows = record.processes.map((each) => [
    each.role,
    each.samples,
    each.firstMiB,
    each.lastMiB,
    each.mostMiB,
    slope(each.memoryPerHourMiB, 1),
    each.descriptorsMost,
    slope(each.descriptorsPerHour, 2),
  ]);
  const { minutes, asked, trials, blocks, exit, journalBytes, runBytes } = record;
  const bad = [...record.leaked, ...record.lost, ...record.wrong];
  return [
    `${minutes.toFixed(0)} of ${asked} minutes, ${trials} trials in ${blocks} blocks, exit code ${exit}; journal`,
    `${kB(journalBytes)} kB, run record ${kB(runBytes)} kB. Trials came to ${keptPerHourMiB(record).toFixed(1)} MiB an hour on disk; a part of that`,
    `meshtax keeps, to judge itself. Leaked, lost or wrong: ${bad.length === 0 ? 'nothing' : bad.join('; ')}.`,
    '',
    markdownTable(
      [
        'process',
        'samples',
        'first MiB',
        'last MiB',
        'most MiB',
        'MiB an hour, second half',
        'most descriptors',
        'descriptors an hour, second half',
      ],
      rows,
    ),
  ].join('\n');
}

/** What the table must come to before anybody may say that this was tried. */
const WANTED = { kills: 1000, times: 5, inputs: 100_000, soakMinutes: 114 };

const inputs = fuzz.reduce((sum, each) => sum + each.inputs, 0);
const triedOf = new Map(tried);
const often = kinds.filter(({ id }) => (triedOf.get(id)?.length ?? 0) >= WANTED.times).length;
const measuring = killed.filter(({ trials }) => trials > 0).length;
const soakFile = `${docs}reliability/soak.json`;
const soaked = existsSync(soakFile) ? (JSON.parse(readFileSync(soakFile, 'utf8')) as SoakRecord) : undefined;

const isolated = [...attempts, ...faults, ...(soaked ? [soaked] : [])];
const bad = isolated.filter(isBad).length + having(looks, ({ leaked }) => leaked) + having(fuzz, ({ failures }) => failures);

/** With `--enough` it fails unless everything was tried as often as wanted, and nothing was bad. */
const short = [
  [killed.length, WANTED.kills, 'kills'],
  [often, kinds.length, `kinds of fault ${WANTED.times} times`],
  [inputs, WANTED.inputs, 'fuzzed inputs'],
  [Math.floor(soaked?.minutes ?? 0), WANTED.soakMinutes, 'minutes of soak'],
] as const;
const missing = short.filter(([has, wanted]) => has < wanted).map(([has, wanted, what]) => `${has} of ${wanted} ${what}`);

const commits = [...new Set([...looks, ...isolated, ...fuzz].map(({ commit }) => commit))];
const template = readFileSync(`${docs}reliability/template.md`, 'utf8');
const text = template
  .replace(
    '{{totals}}',
    [
      `${killed.length} kills (${measuring} after a trial's end was told), ${tried.length} kinds of fault, tried ${tried.flatMap(([, all]) => all).length} times (${often} kinds at least`,
      `${WANTED.times} times), ${inputs.toLocaleString('en')} inputs; ${bad} records with something leaked, lost, wrong or hanging. Commits: ${commits.join(', ')}.`,
      ...(missing.length === 0 ? [] : [`Still fewer than wanted: ${missing.join('; ')}.`]),
    ].join('\n'),
  )
  .replace(
    '{{table}}',
    markdownTable(
      ['fault', 'times tried', 'outcome', 'leaked', 'lost', 'wrong or hanging'],
      [...killRows, lookRow, ...faultRows, ...fuzzRows],
    ),
  )
  .replace('{{soak}}', soak(soaked));
writeFileSync(`${docs}reliability.md`, text);
console.log(`docs/reliability.md: ${bad} bad records; ${missing.join('; ') || 'enough of everything'}`);
if (process.argv.includes('--enough') && missing.length + bad > 0) process.exitCode = 1;
