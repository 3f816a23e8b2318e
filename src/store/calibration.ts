/** Calibrations, one file a host, in the user's state directory. */
import { calibrationSchema, type Calibration } from '../model/calibration.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { System } from '../model/ports.ts';

export function calibrationFile(system: System, host: string): string {
  const state = system.env['XDG_STATE_HOME'] || `${system.env['HOME'] || '/root'}/.local/state`;
  return `${state}/meshtax/calibration/${host}.json`;
}

/** The newest of this host; null when there is none that this version can read. */
export async function readCalibration(system: System, host: string): Promise<Calibration | null> {
  try {
    const text = await system.files.readTextIfAny(calibrationFile(system, host));
    if (text === undefined) return null;
    return calibrationSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Returns its file; undefined when it is a quick one and there is a full one already, whose place it does not take. @throws MeshtaxError MT1008. */
export async function writeCalibration(system: System, calibration: Calibration): Promise<string | undefined> {
  if (calibration.quick && (await readCalibration(system, calibration.host))?.quick === false) return undefined;
  const file = calibrationFile(system, calibration.host);
  try {
    await system.files.makeDirectory(file.slice(0, file.lastIndexOf('/')), { mode: 0o750 });
    await system.files.writeAtomically(file, `${JSON.stringify(calibration, null, 1)}\n`);
  } catch (error) {
    throw new MeshtaxError('MT1008', { file, reason: reasonOf(error) }, { cause: error });
  }
  return file;
}

/** Facts that change from run to run, or that only change what is measured, say nothing of the host. */
const NOT_THE_HOST = ['placement', 'envoy', 'node'];

export function hostFacts(facts: Calibration['facts']): Calibration['facts'] {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([fact]) => !NOT_THE_HOST.includes(fact))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
