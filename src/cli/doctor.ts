/** `meshtax doctor`: can this machine be measured, and what will spoil it? */
import type { DoctorCheck } from '../model/contracts/check.ts';
import { EXIT, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { Finding } from '../model/findings.ts';
import type { App } from './app.ts';
import { clusterNamed } from './cluster-name.ts';

const MARK = { ok: 'ok     ', info: 'info   ', warning: 'WARNING', error: 'ERROR  ', 'not-applicable': '-      ' } as const;

export async function doctorCommand(app: App, options: { cluster: string; json?: boolean | undefined }): Promise<ExitCode> {
  const { cluster, place } = clusterNamed(app, options.cluster, 'doctor');
  const findings: Finding[] = [];
  if (cluster.examine) {
    if (place === undefined)
      throw new MeshtaxError('MT1005', {
        subject: `--cluster ${options.cluster}`,
        problem: 'name a context: there may be several',
        command: 'doctor',
      });
    findings.push(...(await cluster.examine(app.system, place)));
  }
  // This machine measures only where the cluster is on it.
  const ofMachine = cluster.examine ? [] : app.families.checks.filter((check): check is DoctorCheck => check.stage === 'doctor');
  for (const check of [...cluster.doctor, ...ofMachine]) findings.push(await examine(check, app));
  app.out(options.json === true ? `${JSON.stringify({ cluster: cluster.id, findings }, null, 1)}\n` : findings.map(describe).join(''));
  return findings.some((finding) => finding.level === 'error') ? EXIT.preflight : EXIT.ok;
}

/** A check that crashes is itself a result. */
async function examine(check: DoctorCheck, app: App): Promise<Finding> {
  const { code, title } = check;
  try {
    return { code, title, ...(await check.run(app.system)) };
  } catch (error) {
    return {
      code,
      title,
      level: 'error',
      detail: `the check itself failed: ${reasonOf(error)}`,
      why: 'nothing is known about this',
      fix: '',
    };
  }
}

function describe(finding: Finding): string {
  const more = [finding.why, finding.fix === '' ? '' : `fix: ${finding.fix}`]
    .filter((line) => line !== '')
    .map((line) => `        ${line}\n`);
  return `${MARK[finding.level]} ${finding.code} ${finding.title}: ${finding.detail}\n${more.join('')}`;
}
