/** The command line: one line a command, examples in every help text. Exit codes are in model/errors.ts. */
import { Command, CommanderError, Option } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../model/errors.ts';
import { DEFAULT_REPORTS, DEFAULT_RESULTS, type App } from './app.ts';
import { calibrateCommand } from './calibrate.ts';
import { cleanCommand } from './clean.ts';
import { deepDoctor } from './deep-doctor.ts';
import { doctorCommand } from './doctor.ts';
import { gateCommand } from './gate.ts';
import { BUDGET, EXAMPLES, OF_ONE_RUN } from './help.ts';
import { importCommand } from './import.ts';
import { initCommand } from './init.ts';
import { lintCommand } from './lint.ts';
import { OBSERVABLE, observeCommand } from './observe.ts';
import { planCommand } from './plan.ts';
import { quickstartCommand } from './quickstart.ts';
import { runCommand, summaryCommand } from './run.ts';
import { siteCommand } from './site.ts';
import { schemaCommand } from './schema.ts';
import { setupCommand } from './setup.ts';
import { compareCommand } from './compare.ts';
import { costCommand, REPORT_FORMATS, reportCommand } from './report.ts';
import { analyseCommand, listCommand, showCommand, verifyCommand } from './stored-runs.ts';
import { COMPONENTS } from './track-components.ts';
import { trackCommand } from './track.ts';
import { testCommand } from './test.ts';

/** Runs one command line; returns its exit code. Errors of ours pass through. */
export async function runProgram(app: App): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = buildProgram(app, (code) => (exit = code));
  try {
    await program.parseAsync([...app.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return exit;
}

function buildProgram(app: App, ended: (exit: ExitCode) => void) {
  const program = new Command('meshtax')
    .description('What does a service-mesh datapath charge per request? Latency, CPU and memory, with error bars.')
    .version(app.version)
    .exitOverride()
    .configureOutput({ writeOut: app.out, writeErr: app.err })
    .showHelpAfterError('(try --help)')
    .addHelpText('after', EXAMPLES);
  const results = () => new Option('--results <directory>', 'where runs are stored').default(DEFAULT_RESULTS);
  const cluster = () =>
    new Option('--cluster <name>', 'run it there instead of where the experiment says: lab, simulated, kind, or a kubeconfig context');

  program
    .command('quickstart')
    .description('set-up (once), then the default experiment in the lab (five to eight minutes) and its report')
    .addOption(results())
    .option('--reports <directory>', 'where the report is written', DEFAULT_REPORTS)
    .action(async (options) => ended(await quickstartCommand(app, options)));
  program
    .command('setup')
    .description('bring what the lab needs: system packages, Envoy, compiled eBPF programs')
    .option('--check', 'only say what is missing')
    .option('--envoy <versions...>', 'further versions of Envoy, for experiments that compare them')
    .option('--bench', 'also install wrk, hey and h2load, for `meshtax calibrate` to compare with')
    .action(async (options) => ended(await setupCommand(app, options)));
  program
    .command('doctor')
    .description('can this machine be measured, and what will spoil the figures?')
    .addOption(new Option('--cluster <name>', 'which cluster to examine: lab, or a kubeconfig context').default('lab'))
    .option('--json', 'one JSON document')
    .addOption(
      new Option('--deep', 'kill, starve and continue a real run here: about 20 seconds, then yes or no').conflicts(['cluster', 'json']),
    )
    .action(async (options) => ended(options.deep === true ? await deepDoctor(app) : await doctorCommand(app, options)));
  program
    .command('init')
    .description('write a commented experiment')
    .argument('[file]', 'the new file', 'experiment.yaml')
    .action(async (file) => ended(await initCommand(app, file)));
  program
    .command('plan')
    .description('what a run would do, in which order and for how long; touches nothing')
    .argument('<experiment>', 'a YAML file')
    .addOption(cluster())
    .option('--budget <duration>', BUDGET)
    .option('--seed <text>', 'draws the order and the arrivals')
    .option('--json', 'one JSON document')
    .option('--out <file>', 'store the plan; `meshtax run FILE` runs exactly it')
    .addHelpText('after', '\nexample: meshtax plan workloads/experiments/quickstart.yaml --budget 2m')
    .action(async (file, options) => ended(await planCommand(app, file, options)));
  program
    .command('run')
    .description('run an experiment, or a plan made by `plan --out`')
    .argument('[file]', 'a YAML experiment or a JSON plan')
    .addOption(cluster())
    .addOption(results())
    .option('--budget <duration>', BUDGET)
    .option('--seed <text>', 'draws the order and the arrivals')
    .option('--resume <run>', 'go on with an interrupted run, in its own order')
    .option('--accept-drift', 'resume even though the machine changed; it is recorded')
    .option('--keep', 'leave the last deployment standing until Ctrl-C, to look at it')
    .option('--yes-change-this-cluster', 'also on a cluster that looks as if others used it')
    .option('--allow-concurrent', 'run although another run is measuring; it is recorded')
    .option('--metrics-port <port>', 'serve progress and estimates to a Prometheus on this port of the loopback, and the cAdvisor page')
    .option('--json', 'one JSON document instead of tables')
    .addOption(
      new Option('--progress <style>', 'how progress is shown on stderr')
        .choices(['auto', 'plain', 'jsonl', 'quiet'] as const)
        .default('auto' as const),
    )
    .addHelpText('after', '\nexamples:\n  meshtax run workloads/experiments/quickstart.yaml\n  meshtax run --resume k3f9x2')
    .action(async (file, options) => ended(await runCommand(app, file, options)));
  program
    .command('calibrate')
    .description('the tool measures its own truthfulness on this host; stored, and attached to every run made here')
    .addOption(results())
    .option('--quick', 'shorter windows and fewer blocks: a smoke test of about a minute, not stored where there is a full one')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nexample: meshtax calibrate')
    .action(async (options) => ended(await calibrateCommand(app, options)));
  program
    .command('observe')
    .description('keep one datapath alive with traffic and look at it: flows by the hubble CLI, figures as cAdvisor shows them')
    .addOption(new Option('--datapath <id>', 'which one').choices(Object.keys(OBSERVABLE)).default('ebpf-lab'))
    .option('--rate <requests>', 'per second', '20')
    .option('--for <duration>', 'end by itself after this time')
    .addHelpText('after', '\nexample: meshtax observe --datapath envoy-sidecar --for 10m')
    .action(async (options) => ended(await observeCommand(app, options)));
  program
    .command('list')
    .description('the stored runs')
    .addOption(results())
    .option('--json', 'one JSON document')
    .action(async (options) => ended(await listCommand(app, options)));
  program
    .command('show')
    .description('one run: its trials, their counters, what was invalid and why')
    .argument('<run>', 'an id, the end of one, a directory, or `latest`')
    .addOption(results())
    .action(async (run, options) => ended(await showCommand(app, run, options)));
  program
    .command('verify')
    .description('checksums and completeness of a stored run')
    .argument('<run>', 'an id, the end of one, a directory, or `latest`')
    .addOption(results())
    .action(async (run, options) => ended(await verifyCommand(app, run, options)));
  program
    .command('analyse')
    .description('recompute the analysis of a stored run; writes analysis.json into it')
    .argument('<run>', 'an id, the end of one, a directory, or `latest`')
    .addOption(results())
    .action(async (run, options) => ended(await analyseCommand(app, run, options)));
  program
    .command('gate')
    .description('may this change pass? exit code 5 unless the whole interval of every rule lies inside of it')
    .argument('<run>', 'an id, the end of one, a directory, or `latest`')
    .addOption(results())
    .option('--fail-if <rules...>', 'for instance "p99 > +5%", "cpu > +20ms" (per 1000 requests), "memory > +10MiB", "capacity < -3%"')
    .option('--budgets <file>', 'YAML: rules by datapath and workload')
    .addOption(
      new Option('--on-unresolved <outcome>', 'what an interval that holds the margin means')
        .choices(['fail', 'warn'] as const)
        .default('fail' as const),
    )
    .option('--junit <file>', 'write the outcomes as JUnit XML')
    .option('--markdown <file>', 'write the outcomes as a comment for a pull request')
    .option('--annotations', 'print the outcomes as annotations of GitHub Actions')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nexample: meshtax gate latest --fail-if "p99 > +5%" --fail-if "cpu > +10%" --on-unresolved warn')
    .action(async (run, options) => ended(await gateCommand(app, run, options)));
  program
    .command('track')
    .description('a series over versions: neighbours against each other in one run, changes confirmed by a fresh one')
    .argument('<experiment>', 'a YAML file with a baseline and, once, the datapath that is tracked')
    .addOption(results())
    .addOption(new Option('--component <name>', 'what has the versions').choices(COMPONENTS).default('envoy'))
    .option('--versions <versions...>', 'oldest first; default for Envoy: all that are pinned')
    .option('--at <places...>', 'VERSION=CONTEXT: where a version lives, when no cluster can hold two')
    .option('--bisect', 'look for the very version between two that differ (Envoy)')
    .option('--html <file>', 'write the page of the series')
    .option('--yes-change-this-cluster', 'also on a cluster that looks as if others used it')
    .option('--json', 'one JSON document')
    .addOption(
      new Option('--progress <style>', 'how progress is shown on stderr')
        .choices(['auto', 'plain', 'jsonl', 'quiet'] as const)
        .default('auto' as const),
    )
    .addHelpText(
      'after',
      '\nexample: meshtax track workloads/experiments/envoy-series.yaml --component envoy --versions 1.38.3 1.39.3 1.40.0',
    )
    .action(async (file, options) => ended(await trackCommand(app, file, options)));
  program
    .command('report')
    .description('render a stored run, without any cluster; or all of them, as a site')
    .argument('[run]', 'an id, the end of one, a directory, or `latest`, which it is without one')
    .addOption(results())
    .addOption(
      new Option('--format <format>', 'for people: html, md, text; for programs: json, or as another tracker keeps it')
        .choices(REPORT_FORMATS)
        .default('text'),
    )
    .option('--out <file>', 'write it there instead of stdout')
    .addOption(
      new Option('--site <directory>', 'all runs and series below results as a static site; unchanged pages are left alone').conflicts(
        OF_ONE_RUN,
      ),
    )
    .option('--interactive', 'HTML whose charts answer to the pointer: one script, allowed by its hash')
    .option('--charts <directory>', 'also every chart as SVG, PNG, Vega-Lite spec and CSV')
    .option('--across-tiers', 'datapaths against each other although they do not do the same work; marked everywhere')
    .option('--nodes <number>', 'for the cost model: nodes of your cluster')
    .option('--pods-per-node <number>', 'with a sidecar each, where there are sidecars')
    .option('--requests-per-second <number>', 'between pods, in the whole cluster')
    .option('--core-hour <price>', 'of one CPU')
    .option('--gib-hour <price>', 'of memory')
    .addHelpText('after', '\nexample: meshtax report latest --format html --out report.html')
    .action(async (run, options) =>
      ended(
        options.site === undefined
          ? await reportCommand(app, run ?? 'latest', options)
          : await siteCommand(app, options.site, run, options),
      ),
    );
  program
    .command('compare')
    .description('several runs of one experiment, on other hosts or dates; refuses what is not comparable')
    .argument('<runs...>', 'ids, ends of ids, or directories; the first is what the others are compared with')
    .addOption(results())
    .addOption(new Option('--format <format>', 'text, md or html').choices(['text', 'md', 'html'] as const).default('text' as const))
    .option('--out <file>', 'write it there instead of stdout')
    .addHelpText('after', '\nexample: meshtax compare k3f9x2 p7q1ab')
    .action(async (runs, options) => ended(await compareCommand(app, runs, options)));
  program
    .command('import')
    .description('results of fortio, wrk, wrk2, Nighthawk, k6, ghz, oha and h2load: what they say, and what they can carry')
    .argument('<files...>', 'as the tool wrote them; of one side, when there is --against')
    .option('--against <files...>', 'the other side: with four repetitions of each there is a verdict')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nexample: meshtax import before-*.json --against after-*.json')
    .action(async (files, options) => ended(await importCommand(app, files, options)));
  program
    .command('cost')
    .description('what each datapath would cost a month in your cluster, from the fitted slopes, with their intervals')
    .argument('<run>', 'an id, the end of one, a directory, or `latest`')
    .addOption(results())
    .option('--nodes <number>', 'of your cluster')
    .option('--pods-per-node <number>', 'with a sidecar each, where there are sidecars')
    .option('--requests-per-second <number>', 'between pods, in the whole cluster')
    .option('--core-hour <price>', 'of one CPU')
    .option('--gib-hour <price>', 'of memory')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nexample: meshtax cost latest --nodes 50 --pods-per-node 30 --requests-per-second 40000 --core-hour 0.035 --gib-hour 0.004',
    )
    .action(async (run, options) => ended(await costCommand(app, run, options)));
  program
    .command('lint')
    .description('Helm values, policies, commands and PromQL against what a version of Cilium or Istio really has')
    .argument('<files...>', 'YAML (values of a chart, objects of Kubernetes), or text with commands in it')
    .option('--cilium <version>', 'of the chart', '1.19.6')
    .option('--istio <version>', 'of the charts', '1.30.3')
    .option('--chart <name>', 'which chart values are for: cilium, istiod, istio-base, istio-cni, ztunnel; default: the one that fits best')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nexample: meshtax lint values.yaml policy.yaml README.md --cilium 1.20.0')
    .action(async (files, options) => ended(await lintCommand(app, files, options)));
  program
    .command('clean')
    .description('remove everything that runs left on this machine, however they died')
    .option('--run <id>', 'of one run')
    .option('--all', 'of all runs')
    .option('--force', 'also of runs that are still going on')
    .option('--wait <duration>', 'on a context: how long namespaces are waited for to end', '90s')
    .addOption(new Option('--cluster <name>', 'which cluster to clean: lab, or a kubeconfig context').default('lab'))
    .action(async (options) => ended(await cleanCommand(app, options)));
  program
    .command('summary', { hidden: true })
    .description('what a run says at its end')
    .argument('<directory>', 'of the run')
    .option('--json', 'one JSON document')
    .action(async (directory, options) => ended(await summaryCommand(app, directory, options)));
  program
    .command('schema')
    .description('JSON Schema of the experiment file')
    .option('--out <file>', 'write it there')
    .action(async (options) => ended(await schemaCommand(app, options)));
  program
    .command('test')
    .description('set-up (once), then all tests of meshtax itself')
    .argument('[names...]', 'only these test files')
    .action(async (names) => ended(await testCommand(app, names)));
  return program;
}
