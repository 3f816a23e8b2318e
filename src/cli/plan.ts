/** `meshtax plan`: what a run would do, in which order and for how long. Touches nothing. */
import { EXIT, MeshtaxError, type ExitCode } from '../model/errors.ts';
import { explainPlan } from '../plan/explain.ts';
import { writeForUser, type App } from './app.ts';
import { planFromFile } from './planning.ts';

export interface PlanCommandOptions {
  readonly cluster?: string | undefined;
  readonly budget?: string | undefined;
  readonly seed?: string | undefined;
  readonly json?: boolean | undefined;
  readonly out?: string | undefined;
}

export async function planCommand(app: App, file: string, options: PlanCommandOptions): Promise<ExitCode> {
  const { plan, file: planFile } = await planFromFile(app, file, options);
  const cluster = app.families.clusters.find((candidate) => candidate.id === plan.experiment.cluster.id);
  if (options.out !== undefined) {
    if (await app.system.files.exists(options.out)) throw new MeshtaxError('MT1006', { file: options.out });
    await writeForUser(app, options.out, `${JSON.stringify(planFile, null, 1)}\n`);
  }
  app.out(
    options.json === true
      ? `${JSON.stringify({ ...planFile, estimateNs: plan.estimateNs }, null, 1)}\n`
      : explainPlan(plan, cluster?.describe(plan.experiment, app.families.datapaths) ?? []),
  );
  return EXIT.ok;
}
