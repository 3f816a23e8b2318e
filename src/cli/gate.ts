/** `meshtax gate`: exit code 5 unless every rule passes; `unresolved` is an outcome of its own. */
import { z } from 'zod';
import { analyse } from '../analysis/analyse.ts';
import { judgeGate, parseGateRule, withheld, type GateResult, type GateRule } from '../analysis/gate.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import type { StoredRun } from '../model/records.ts';
import { byGravity, gateAnnotations, gateJunit, gateMarkdown, gateSentence } from '../report/gate.ts';
import { readMeasured } from '../store/read.ts';
import { writeForUser, type App } from './app.ts';
import { parseYaml, readYamlText } from './yaml-file.ts';

export interface GateOptions {
  readonly results: string;
  readonly failIf?: readonly string[] | undefined;
  readonly budgets?: string | undefined;
  readonly onUnresolved: 'fail' | 'warn';
  readonly junit?: string | undefined;
  readonly markdown?: string | undefined;
  readonly annotations?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export async function gateCommand(app: App, wanted: string, options: GateOptions): Promise<ExitCode> {
  if (options.json === true && options.annotations === true)
    throw new MeshtaxError('MT1005', {
      subject: '--json',
      problem: 'annotations go to the same output; give one of both',
      command: 'gate',
    });
  const rules = await rulesOf(app, options);
  const stored = await readMeasured(wanted, options.results, app.system.files);
  const { status, failure } = stored.run;
  const judged = judgeGate(analyse(stored), rules);
  const results = status === 'complete' ? judged : withheld(judged, `the run is ${status}${failure === null ? '' : ` (${failure})`}`);
  const idle = rules.filter((rule) => !results.some((each) => each.rule === rule));
  if (idle.length > 0)
    throw new MeshtaxError('MT1011', {
      rule: idle.map(({ text }) => text).join('; '),
      problem: 'it fits no datapath, workload and load of this run (capacity needs a closed load, everything else an open one)',
    });
  const passed = results.every(({ outcome }) => outcome === 'pass' || (outcome === 'unresolved' && options.onUnresolved === 'warn'));
  await tell(app, stored, results, passed, options);
  return passed ? EXIT.ok : EXIT.gate;
}

async function tell(
  app: App,
  { run: { id: run, startedAt }, trials }: StoredRun,
  results: readonly GateResult[],
  passed: boolean,
  options: GateOptions,
): Promise<void> {
  const counted = trials.filter(({ superseded }) => !superseded);
  const invalid = counted.filter(({ valid }) => !valid).length;
  if (options.junit !== undefined) await writeForUser(app, options.junit, gateJunit(run, startedAt, results));
  if (options.markdown !== undefined) await writeForUser(app, options.markdown, gateMarkdown(run, results, passed));
  if (options.annotations === true) for (const line of gateAnnotations(results)) app.out(`${line}\n`);
  if (options.json === true) app.out(`${JSON.stringify({ run, passed, results }, null, 1)}\n`);
  else for (const result of byGravity(results)) app.out(`${gateSentence(result)}\n`);
  app.err(passed ? 'the gate passes' : 'the gate does not pass');
  app.err(invalid === 0 ? '\n' : `; ${invalid} of ${counted.length} trials are invalid and were left out\n`);
}

const budgetsSchema = z.strictObject({
  budgets: z
    .array(
      z.strictObject({
        failIf: z.string(),
        datapath: z.string().optional(),
        workload: z.string().optional(),
        load: z.string().optional(),
      }),
    )
    .min(1),
});

/** @throws MeshtaxError MT1011 for a rule that cannot be understood, MT1010 for a budgets file that is not one. */
async function rulesOf(app: App, { failIf = [], budgets }: GateOptions): Promise<readonly GateRule[]> {
  const own = failIf.map((text) => ruleOf(text));
  const fromFile = budgets === undefined ? [] : parseYaml(budgetsSchema, await readYamlText(app, budgets), budgets, 'MT1010').budgets;
  const filed = fromFile.map(({ failIf: text, ...only }): GateRule => ({ ...ruleOf(text), ...only }));
  if (own.length + filed.length === 0)
    throw new MeshtaxError('MT1011', { rule: '', problem: 'there is none; give --fail-if or --budgets' });
  return [...own, ...filed];
}

function ruleOf(text: string): GateRule {
  const rule = parseGateRule(text);
  if (!rule)
    throw new MeshtaxError('MT1011', {
      rule: text,
      problem: 'expected for instance: p99 > +5%, cpu > +20ms, memory > +10MiB, capacity < -3%',
    });
  return rule;
}
