/** Which calibration belongs to which host. */
import type { Calibration } from '../model/calibration.ts';
import { hostFacts, readCalibration } from '../store/calibration.ts';
import type { App } from './app.ts';

/** For a run: what this host showed of itself, or null. */
export async function calibrationFor(app: App, facts: Calibration['facts']): Promise<Calibration | null> {
  return readCalibration(app.system, hostOf(app, facts));
}

/** A hash of what makes a host this one: no name, no address. */
export function hostOf(app: App, facts: Calibration['facts']): string {
  return app.hash(JSON.stringify(hostFacts(facts))).slice(0, 16);
}
