/** `meshtax report` and `meshtax cost`: a stored run as a page, as text, as another program's file, as single charts. */
import { analyse } from '../analysis/analyse.ts';
import { costsOf, EXAMPLE_INPUTS, type CostInputs } from '../analysis/cost.ts';
import { exporters } from '../exporters/index.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { buildReport, type ReportOptions } from '../report/build.ts';
import { costBlocks, costTable } from '../report/cost.ts';
import { FORMATS, renderStored, type Format } from '../report/render/stored.ts';
import { tableText } from '../report/render/text.ts';
import { readMeasured } from '../store/read.ts';
import { writeForUser, type App } from './app.ts';
import { writeCharts } from './chart-files.ts';
import { liveChartScript } from './live-charts.ts';

export const REPORT_FORMATS = [...FORMATS, ...exporters.map(({ id }) => id)];

/** Of the cost model, as they come from the command line. */
export interface CostOptions {
  readonly nodes?: string | undefined;
  readonly podsPerNode?: string | undefined;
  readonly requestsPerSecond?: string | undefined;
  readonly coreHour?: string | undefined;
  readonly gibHour?: string | undefined;
}

interface FromResults {
  readonly results: string;
}

export interface ReportCommandOptions extends FromResults, CostOptions {
  readonly format: string;
  readonly out?: string | undefined;
  readonly charts?: string | undefined;
  readonly interactive?: boolean | undefined;
  readonly acrossTiers?: boolean | undefined;
}

export async function reportCommand(app: App, wanted: string, options: ReportCommandOptions): Promise<ExitCode> {
  const stored = await readMeasured(wanted, options.results, app.system.files);
  const how: ReportOptions = { acrossTiers: options.acrossTiers === true, cost: costInputs(options, 'report') };
  if (options.charts !== undefined) {
    const written = await writeCharts(app, options.charts, buildReport(stored, analyse(stored, how), how));
    app.err(`written: ${written} files below ${options.charts}\n`);
    if (options.out === undefined) return EXIT.ok;
  }
  const exporter = exporters.find(({ id }) => id === options.format);
  const text = exporter
    ? exporter.render(stored, analyse(stored, how))
    : await renderStored(
        stored,
        options.format as Format,
        how,
        options.interactive === true ? await liveChartScript(app.system.host.projectRoot) : undefined,
      );
  if (options.out === undefined) app.out(text);
  else {
    await writeForUser(app, options.out, text);
    app.err(`written: ${options.out}\n`);
  }
  return EXIT.ok;
}

export async function costCommand(
  app: App,
  wanted: string,
  options: FromResults & CostOptions & { json?: boolean | undefined },
): Promise<ExitCode> {
  const stored = await readMeasured(wanted, options.results, app.system.files);
  const analysis = analyse(stored);
  const inputs = costInputs(options, 'cost') ?? EXAMPLE_INPUTS;
  const priced = analysis.comparisons.map((comparison) => ({ comparison, costs: costsOf(comparison, inputs) }));
  if (options.json === true) {
    const costs = priced.map(({ comparison: { workload, load }, costs: own }) => ({ workload, load, costs: own }));
    app.out(`${JSON.stringify({ run: stored.run.id, inputs, comparisons: costs }, null, 1)}\n`);
    return EXIT.ok;
  }
  for (const block of costBlocks(analysis, inputs, costInputs(options, 'cost') === undefined))
    if (block.kind === 'paragraph') app.out(`${block.text}\n\n`);
    else if (block.kind === 'list') app.out(`${block.items.map((item) => `* ${item}`).join('\n')}\n\n`);
  for (const { comparison, costs } of priced) if (costs.length > 0) app.out(`${tableText(costTable(comparison, costs)).join('\n')}\n\n`);
  return EXIT.ok;
}

/** Undefined when none was given. @throws MeshtaxError MT1005 for what is no number above zero. */
function costInputs(options: CostOptions, command: string): CostInputs | undefined {
  const given = [options.nodes, options.podsPerNode, options.requestsPerSecond, options.coreHour, options.gibHour];
  if (given.every((each) => each === undefined)) return undefined;
  const number = (flag: string, text: string | undefined, fallback: number): number => {
    const value = text === undefined ? fallback : Number(text);
    if (!Number.isFinite(value) || value < 0)
      throw new MeshtaxError('MT1005', { subject: `--${flag} ${text}`, problem: 'expected a number of at least zero', command });
    return value;
  };
  return {
    nodes: number('nodes', options.nodes, EXAMPLE_INPUTS.nodes),
    podsPerNode: number('pods-per-node', options.podsPerNode, EXAMPLE_INPUTS.podsPerNode),
    requestsPerSecond: number('requests-per-second', options.requestsPerSecond, EXAMPLE_INPUTS.requestsPerSecond),
    perCoreHour: number('core-hour', options.coreHour, EXAMPLE_INPUTS.perCoreHour),
    perGibHour: number('gib-hour', options.gibHour, EXAMPLE_INPUTS.perGibHour),
  };
}
