import { expect, test } from 'vitest';
import type { Calibration } from '../../../src/model/calibration.ts';
import { readCalibration, writeCalibration } from '../../../src/store/calibration.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

const calibration = (quick: boolean): Calibration => ({
  calibrationVersion: 1,
  at: '2026-01-02T03:04:05.000Z',
  meshtax: '0.1.0',
  host: 'abc',
  facts: {},
  quick,
  quantileError: {},
  quantileErrorMasked: {},
  bimodalError: {},
  stall: {},
  pacing: {},
  pacedCost: {},
  selfCost: {},
  highestRatePerCore: {},
  falsePositives: {},
  pairSd: {},
  equivalentAfterSeconds: {},
  injected: [],
  passed: true,
  failures: [],
});

test('a quick calibration does not take the place of a full one of its host; a full one takes any', async () => {
  const system = fakeSystem();
  expect(await writeCalibration(system, calibration(true))).toContain('abc');
  expect(await writeCalibration(system, calibration(false))).toContain('abc');
  expect(await writeCalibration(system, calibration(true))).toBeUndefined();
  expect((await readCalibration(system, 'abc'))?.quick).toBe(false);
});

test('a calibration that may not be read is none; one that cannot be stored is an error of the user’s folder', async () => {
  class Closed extends MemoryFiles {
    override async readTextIfAny(): Promise<string | undefined> {
      throw new Error('EACCES: permission denied');
    }
    override async writeAtomically(): Promise<void> {
      throw new Error('ENOSPC: no space left on device');
    }
  }
  const system = fakeSystem({ files: new Closed() });
  expect(await readCalibration(system, 'abc')).toBeNull();
  await expect(writeCalibration(system, calibration(false))).rejects.toMatchObject({ code: 'MT1008' });
});
