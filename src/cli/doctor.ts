/** `meshtax doctor`: can this machine be measured, and what will spoil it? */
import type { DoctorCheck } from '../model/contracts/check.ts';
import { EXIT, MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { Finding } from '../model/findings.ts';
import type { App } from './app.ts';

const MARK = { ok: 'ok     ', info: 'info   ', warning: 'WARNING', error: 'ERROR  ', 'not-applicable': '-      ' } as const;

export async function doctorCommand(app: App, options: { cluster: string; json?: boolean | undefined }): Promise<ExitCode> {
  const cluster = app.families.clusters.find((candidate) => candidate.id === options.cluster);
  if (!cluster)
    throw new MeshtaxError('MT1005', { subject: `--cluster ${options.cluster}`, problem: 'there is no such cluster', command: 'doctor' });
  const checks = [...cluster.doctor, ...app.families.checks.filter((check): check is DoctorCheck => check.stage === 'doctor')];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await examine(check, app));
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
