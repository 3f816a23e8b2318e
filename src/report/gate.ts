/** What a gate found, for a terminal, a pull request, and the programs that read test results. */
import type { GateOutcome, GateResult } from '../analysis/gate.ts';
import { formatDifference } from '../model/format.ts';
import { escape } from './render/markdown.ts';

const WORDS: Readonly<Record<GateOutcome, string>> = {
  pass: 'passes',
  fail: 'FAILS',
  unresolved: 'is unresolved',
  missing: 'cannot be judged',
};
/** More of one kind than this are not shown by GitHub for one step. */
const MOST_ANNOTATIONS = 10;

export function gateSentence(result: GateResult): string {
  const { rule, arm, against, workload, load, outcome, reason } = result;
  const because = reason === '' ? '' : `: ${reason}`;
  return `${arm} against ${against}, ${workload}, ${load}: "${rule.text}" ${WORDS[outcome]}, ${sizeOf(result)}${because}`;
}

export function sizeOf({ interval, rule, metric }: GateResult): string {
  if (!interval || !metric) return 'no interval';
  if (rule.margin.kind === 'absolute') return formatDifference(metric.unit, interval);
  const share = (value: number) => `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)} %`;
  return `${share(interval.estimate)} [${share(interval.low)}, ${share(interval.high)}]`;
}

/** The worst first. */
export function byGravity(results: readonly GateResult[]): GateResult[] {
  const rank: Readonly<Record<GateOutcome, number>> = { fail: 0, missing: 1, unresolved: 2, pass: 3 };
  return results.toSorted((a, b) => rank[a.outcome] - rank[b.outcome]);
}

/** GitHub-flavoured Markdown. */
export function gateMarkdown(run: string, results: readonly GateResult[], passed: boolean): string {
  const rows = byGravity(results).map((result) => {
    const { rule, arm, against, workload, load, outcome, reason } = result;
    const told = escape(reason === '' ? outcome : `${outcome}: ${reason}`);
    const cells = [arm, against, workload, load, rule.text, sizeOf(result)].map(escape);
    return `| ${[outcome === 'pass' ? told : `**${told}**`, ...cells].join(' | ')} |`;
  });
  return [
    `### meshtax gate: ${passed ? 'passed' : 'not passed'}`,
    '',
    '| outcome | datapath | against | workload | load | fails if | measured, with its interval |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Run ${escape(run)}. A rule passes only when the whole interval lies inside of it; "unresolved": the interval holds the margin; "missing": there is nothing to judge.`,
    '',
  ].join('\n');
}

/** Workflow commands of GitHub Actions, a line each. */
export function gateAnnotations(results: readonly GateResult[]): string[] {
  const commands = { fail: 'error', missing: 'error', unresolved: 'warning' } as const;
  return (['error', 'warning'] as const).flatMap((command) => {
    const own = byGravity(results).filter(({ outcome }) => outcome !== 'pass' && commands[outcome] === command);
    const shown = own
      .slice(0, MOST_ANNOTATIONS)
      .map((each) => `::${command} title=${property(`meshtax: ${each.rule.text}`)}::${message(gateSentence(each))}`);
    return own.length > MOST_ANNOTATIONS ? [...shown.slice(0, -1), `::${command}::${own.length - MOST_ANNOTATIONS + 1} more`] : shown;
  });
}

function message(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** JUnit, in the shape that GitLab and the readers for GitHub share: one suite a workload, a case a rule and datapath. */
export function gateJunit(run: string, startedAt: string, results: readonly GateResult[]): string {
  const suites = [...Map.groupBy(results, ({ workload }) => workload)].map(([workload, own]) => {
    const count = (outcome: GateOutcome) => own.filter((each) => each.outcome === outcome).length;
    const counts = `tests="${own.length}" failures="${count('fail')}" errors="${count('missing')}" skipped="${count('unresolved')}" time="0"`;
    const cases = own.map((each) => {
      const open = `    <testcase classname="${xml(`${each.arm}.${workload}`)}" name="${xml(`${each.rule.text} (against ${each.against}, ${each.load})`)}" time="0"`;
      const sentence = xml(gateSentence(each));
      if (each.outcome === 'pass') return `${open}/>`;
      if (each.outcome === 'unresolved') return `${open}><skipped message="${sentence}">${sentence}</skipped></testcase>`;
      if (each.outcome === 'missing') return `${open}><error message="${sentence}" type="missing">${sentence}</error></testcase>`;
      return `${open}><failure message="${sentence}" type="budget">${sentence}</failure></testcase>`;
    });
    return [`  <testsuite name="${xml(workload)}" ${counts} timestamp="${xml(startedAt)}">`, ...cases, '  </testsuite>'].join('\n');
  });
  const total = (outcome: GateOutcome) => results.filter((each) => each.outcome === outcome).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(`meshtax ${run}`)}" tests="${results.length}" failures="${total('fail')}" errors="${total('missing')}" skipped="${total('unresolved')}" time="0">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

/** XML 1.0 has no control characters but tab and line breaks. */
function xml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  const allowed = text.replaceAll(/\p{Cc}/gu, (each) => ('\t\n\r'.includes(each) ? each : ''));
  return allowed.replaceAll(/[\uFFFE\uFFFF]/g, '').replaceAll(/[&<>"']/g, (each) => entities[each] as string);
}
