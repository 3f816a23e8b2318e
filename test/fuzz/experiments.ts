/** What a user writes: experiments, rules of a gate, budgets, values and policies to lint, durations. */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseGateRule } from '../../src/analysis/gate.ts';
import { parseExperiment } from '../../src/cli/experiment-file.ts';
import { planExperiment } from '../../src/cli/planning.ts';
import { parseYaml } from '../../src/cli/yaml-file.ts';
import { parseBytes, parseDurationNs } from '../../src/model/units.ts';
import { trialsOf } from '../../src/plan/plan.ts';
import { ROOT } from '../e2e/machine.ts';
import { planningApp } from '../planning.ts';
import { mutateText } from './mutate.ts';
import { must, orCoded, type Target } from './target.ts';

const app = planningApp();
const folder = `${ROOT}/workloads/experiments`;
const shipped = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nname: *c\n`;

export const experiments: Target<string> = {
  id: 'experiment file',
  seeds: [...shipped, BOMB, 'name: x\nname: y\n', '&a {a: *a}', `name: ${'x'.repeat(100_000)}`],
  mutate: mutateText,
  try: (text) => orCoded(() => void parseExperiment(app.families, text, 'e.yaml')),
};

export const plans: Target<string> = {
  id: 'plan of an experiment',
  seeds: shipped,
  mutate: mutateText,
  try: (text) =>
    orCoded(() => {
      const { plan } = planExperiment(app, text, 'e.yaml', {});
      const trials = trialsOf(plan.blocks);
      must(new Set(trials.map(({ id }) => id)).size === trials.length, 'two trials have one id');
      must(Number.isFinite(plan.estimateNs) && plan.estimateNs >= 0, `it takes ${plan.estimateNs} ns`);
      must(
        trials.every(({ id }) => /^[a-z0-9-]+$/.test(id)),
        'an id is no plain name',
      );
    }),
};

export const yamlFiles: Target<string> = {
  id: 'budgets and calculators (YAML)',
  seeds: ['budgets:\n  - { failIf: "p99 > +5%", datapath: x }\n', BOMB, 'budgets: []'],
  mutate: mutateText,
  try: (text) =>
    orCoded(() => {
      const schema = z.strictObject({ budgets: z.array(z.strictObject({ failIf: z.string(), datapath: z.string().optional() })) });
      for (const { failIf } of parseYaml(schema, text, 'b.yaml', 'MT1010').budgets) parseGateRule(failIf);
    }),
};

export const words: Target<string> = {
  id: 'rules, durations and sizes',
  seeds: ['p99 > +5%', 'cpu > +20ms', 'capacity < -3%', '500ms', '1.5h', '10MiB', '-1s', '0'],
  mutate: mutateText,
  try: (text) => {
    const rule = parseGateRule(text);
    must(rule === undefined || Number.isFinite(rule.margin.value), 'a margin is no number');
    for (const value of [parseDurationNs(text), parseBytes(text)]) must(value === undefined || !Number.isNaN(value), `${text} is NaN`);
  },
};
