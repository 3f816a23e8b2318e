/** `meshtax calibrate`: figures about the tool itself, on this host. Stored, and attached to every run made here. */
import { calibrate, type CalibrationRequest } from '../calibrate/calibrate.ts';
import type { CalibrationSite } from '../calibrate/known-delay.ts';
import type { Calibration } from '../model/calibration.ts';
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { hostFacts, writeCalibration } from '../store/calibration.ts';
import { readRun } from '../store/read.ts';
import { calibrationText } from '../report/render/calibration.ts';
import type { App } from './app.ts';
import { hostOf } from './host-calibration.ts';
import { scoped, withLabSession } from './lab-session.ts';
import { defaultRunOptions, runToEnd } from './run.ts';

export interface CalibrateOptions {
  readonly quick?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly results: string;
}

export async function calibrateCommand(app: App, options: CalibrateOptions): Promise<ExitCode> {
  const request: CalibrationRequest = {
    quick: options.quick === true,
    meshtax: app.version,
    at: app.system.clock.wallTime().toISOString(),
    identify: (facts) => ({ host: hostOf(app, facts), facts: hostFacts(facts) }),
    say: (line) => app.err(`${line}\n`),
    withSite: (use) => withSite(app, use),
    runExperiment: async (specText) => {
      const quiet = { ...defaultRunOptions, results: options.results, progress: 'quiet' } as const;
      const { path } = await runToEnd(app, { text: specText }, quiet).catch((error) => {
        // A part of it cannot be gone on with.
        throw error instanceof MeshtaxError && error.code === 'MT3005' ? new MeshtaxError('MT3015') : error;
      });
      return readRun(path, app.system.files);
    },
  };
  const calibration = await calibrate(request);
  app.out(options.json === true ? `${JSON.stringify(calibration, null, 1)}\n` : calibrationText(calibration));
  // It took its time: what it found is told, also where it cannot be kept.
  const file = await writeCalibration(app.system, calibration);
  app.err(
    file === undefined ? 'not stored: there is a full one of this host\n' : `stored in ${file}; runs on this host carry it from now on\n`,
  );
  return calibration.passed ? EXIT.ok : EXIT.gate;
}

/** @throws MeshtaxError MT3015 when it is interrupted. */
async function withSite<T>(app: App, use: (site: CalibrationSite, facts: Calibration['facts']) => Promise<T>): Promise<T> {
  return withLabSession(app, 'cal', (session) => {
    const { bench, host } = session;
    if (!bench) throw new MeshtaxError('MT2001', { problem: 'it has no bench', fix: '' });
    const site: CalibrationSite = {
      bench,
      host,
      // Each window and each search.
      scoped: async (inside) => {
        if (app.interruption.aborted) throw new MeshtaxError('MT3015');
        return scoped(app, inside);
      },
      startGenerator: (push) => session.startGenerator(undefined, push),
    };
    return use(site, session.facts);
  });
}
