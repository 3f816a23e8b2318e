/**
 * How the detector does on public series, beside Perfherder's and Otava's rules on the same ones:
 *   node bench/change-points/main.ts FOLDER
 * FOLDER holds JSON lists of {name, values, annotations, quality_control?}: `tcpd.json` (arXiv 2003.06222; scored by its own
 * F1 with margin 5), and any further files, whose noise is used: 5 % steps are injected into shuffled values, and shuffled
 * values without any show false alarms.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mean } from 'simple-statistics';
import { candidatesOf } from '../../src/analysis/history.ts';
import { seededRandom, shuffled } from '../../src/model/random.ts';
import { otava, perfherder } from './rules.ts';

interface Annotated {
  readonly name: string;
  readonly values: readonly (number | null | readonly number[])[];
  readonly annotations: Readonly<Record<string, readonly number[]>>;
  readonly quality_control?: boolean;
}

const random = seededRandom('change-points');
const positive = (values: readonly number[]) => values.every((value) => value > 0);
const DETECTORS: Readonly<Record<string, (values: readonly number[]) => readonly number[]>> = {
  'nothing ever': () => [],
  meshtax: (values) => candidatesOf(positive(values) ? values.map(Math.log) : values, 0.02, random).map(({ at }) => at),
  'Perfherder, t > 7, 2 %': (values) => perfherder(values),
  'Otava, window 50, p .001': (values) => otava(values),
};

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder with the series');
const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Annotated[];
const plain = ({ values }: Annotated): number[] | undefined =>
  values.every((value): value is number => typeof value === 'number') ? (values as number[]) : undefined;

/** TCPD's F1: annotators' points, and 0 in every set; each is met by at most one prediction. */
function f1({ annotations }: Annotated, found: readonly number[], margin = 5): number {
  const met = (truth: readonly number[], given: readonly number[]) => {
    const left = [...given];
    return truth
      .toSorted((a, b) => a - b)
      .filter((at) => {
        const near = left.filter((each) => Math.abs(each - at) <= margin).sort((a, b) => Math.abs(a - at) - Math.abs(b - at) || a - b)[0];
        if (near !== undefined) left.splice(left.indexOf(near), 1);
        return near !== undefined;
      }).length;
  };
  const own = [...new Set([0, ...found])];
  const sets = Object.values(annotations).map((each) => [...new Set([0, ...each])]);
  const precision = met([...new Set(sets.flat())], own) / own.length;
  const recall = mean(sets.map((set) => met(set, own) / set.length));
  return (2 * precision * recall) / (precision + recall);
}

const tcpd = read('tcpd.json').flatMap((series) => {
  const values = plain(series);
  return values ? [{ series, values }] : [];
});
for (const [title, wanted] of [
  ['TCPD, univariate', false],
  ['TCPD, known steps (quality control)', true],
] as const) {
  const own = tcpd.filter(({ series }) => (series.quality_control === true) === wanted);
  console.log(`\n${title}, ${own.length} series: F1, margin 5`);
  for (const [name, detect] of Object.entries(DETECTORS))
    console.log(`  ${name.padEnd(28)} ${mean(own.map(({ series, values }) => f1(series, detect(values)))).toFixed(3)}`);
}

const LENGTH = 60;
const DRAWS = 40;
const noise = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && /talos|rocksdb|tigerbeetle/.test(file))
  .flatMap((file) => read(file).map(plain))
  .filter((values) => values !== undefined)
  .filter((values) => values.length >= LENGTH && positive(values));
console.log(
  `\nreal noise of ${noise.length} performance series, shuffled, ${LENGTH} points, ${DRAWS} draws each: a 5 % step at a known place, and none`,
);
for (const [name, detect] of Object.entries(DETECTORS)) {
  let [hits, steps, found, right, alarms, quiet] = [0, 0, 0, 0, 0, 0];
  for (const values of noise) {
    for (let draw = 0; draw < DRAWS; draw++) {
      const sample = shuffled(values, random).slice(0, LENGTH);
      quiet++;
      if (detect(sample).length > 0) alarms++;
      const at = 13 + random.below(LENGTH - 26);
      const places = detect(sample.map((value, index) => (index < at ? value : value * 1.05)));
      const near = places.filter((each) => Math.abs(each - at) <= 2).length;
      steps++;
      hits += Math.min(1, near);
      found += places.length;
      right += Math.min(1, near);
    }
  }
  const share = (part: number, whole: number) => (whole === 0 ? '-' : (part / whole).toFixed(3));
  console.log(
    `  ${name.padEnd(28)} precision ${share(right, found)}, recall ${share(hits, steps)}, series with a false alarm ${share(alarms, quiet)}`,
  );
}
