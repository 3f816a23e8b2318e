/** `meshtax calibrate`: figures about the tool itself, on this host. Stored, and attached to every run made here. */
import { calibrate, type CalibrationRequest } from '../calibrate/calibrate.ts';
import type { CalibrationSite } from '../calibrate/known-delay.ts';
import type { Calibration } from '../model/calibration.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { UndoStack } from '../run/undo-stack.ts';
import { hostFacts, writeCalibration } from '../store/calibration.ts';
import { readRun } from '../store/read.ts';
import { calibrationText } from '../report/render/calibration.ts';
import type { App } from './app.ts';
import { hostOf } from './host-calibration.ts';
import { defaultRunOptions, runAndReport } from './run.ts';

export interface CalibrateOptions {
  readonly quick?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly results: string;
}

const UNDO_BUDGET_MS = 30_000;

export async function calibrateCommand(app: App, options: CalibrateOptions): Promise<ExitCode> {
  const request: CalibrationRequest = {
    quick: options.quick === true,
    meshtax: app.version,
    at: app.system.clock.wallTime().toISOString(),
    identify: (facts) => ({ host: hostOf(app, facts), facts: hostFacts(facts) }),
    say: (line) => app.err(`${line}\n`),
    withSite: (use) => withLab(app, use),
    runExperiment: async (specText) => {
      const silent: App = { ...app, out: () => {} };
      const { path } = await runAndReport(
        silent,
        { text: specText },
        { ...defaultRunOptions, results: options.results, progress: 'quiet' },
      );
      return readRun(path, app.system.files);
    },
  };
  const calibration = await calibrate(request);
  const file = await writeCalibration(app.system, calibration);
  app.out(options.json === true ? `${JSON.stringify(calibration, null, 1)}\n` : calibrationText(calibration));
  app.err(`stored in ${file}; runs on this host carry it from now on\n`);
  return calibration.passed ? EXIT.ok : EXIT.gate;
}

function scopedIn(app: App): CalibrationSite['scoped'] {
  return async (use) => {
    const undo = new UndoStack(app.system.clock);
    try {
      return await use(undo.push);
    } finally {
      for (const { title, reason } of await undo.unwind(UNDO_BUDGET_MS))
        app.err(`could not undo ${title}: ${reason} (meshtax clean --all)\n`);
    }
  };
}

/** @throws MeshtaxError MT2001 where there is no lab, MT2002 when a run is going on. */
async function withLab<T>(app: App, use: (site: CalibrationSite, facts: Calibration['facts']) => Promise<T>): Promise<T> {
  const lab = app.families.clusters.find((cluster) => cluster.id === 'lab');
  if (!lab) throw new Error('the lab is a cluster');
  const undo = new UndoStack(app.system.clock);
  const runId = `cal${app.system.randomId(5)}`;
  const logDirectory = `${app.system.env['TMPDIR'] ?? '/tmp'}/meshtax-${runId}`;
  try {
    undo.push('the logs', () => app.system.files.remove(logDirectory));
    await app.system.files.makeDirectory(logDirectory, { mode: 0o700 });
    const session = await lab.open(lab.schema.parse({ id: 'lab' }), app.system, { runId, logDirectory, allowConcurrent: false }, undo.push);
    const { bench, host } = session;
    if (!bench) throw new MeshtaxError('MT2001', { problem: 'it has no bench', fix: '' });
    const site: CalibrationSite = { bench, host, scoped: scopedIn(app), startGenerator: (push) => session.startGenerator(undefined, push) };
    return await use(site, session.facts);
  } finally {
    for (const { title, reason } of await undo.unwind(UNDO_BUDGET_MS))
      app.err(`could not undo ${title}: ${reason} (meshtax clean --all)\n`);
  }
}
