/** The tool measures itself, for real: known delays, pacing, one datapath twice, injected slowdowns. Needs root. */
import { expect, test } from 'vitest';
import { calibrationSchema } from '../../src/model/calibration.ts';
import { inventory, leftSince, meshtax, workspace } from './machine.ts';

test('calibrate --quick --json prints one document with every figure, and leaves nothing', async () => {
  const space = await workspace();
  const before = await inventory();
  try {
    const result = await meshtax(['calibrate', '--quick', '--json', '--results', space.results], {
      env: { XDG_STATE_HOME: space.directory },
      timeoutMs: 500_000,
    });
    expect([0, 5]).toContain(result.exitCode); // 5: this host does not let the tool be precise
    const calibration = calibrationSchema.parse(JSON.parse(result.stdout));
    expect(calibration.quick).toBe(true);
    // Far wider than any claim: a clock that is wrong, not a busy machine.
    for (const errors of Object.values(calibration.quantileError)) expect(Math.abs(errors.p50)).toBeLessThan(0.5);
    expect(calibration.stall['http-open']?.dropped).toBe(0);
    expect(calibration.stall['http-open']?.p99Error).toBeGreaterThan(-0.1);
    expect(calibration.pacing['http-open']?.lagP99Ns).toBeGreaterThan(0);
    expect(Object.keys(calibration.falsePositives)).toContain('latency.p50');
    for (const { n, low, high, rate } of Object.values(calibration.falsePositives)) {
      expect(n).toBe(50);
      expect(low).toBeLessThanOrEqual(rate);
      expect(high).toBeGreaterThan(rate);
    }
    expect(calibration.injected.map((each) => each.metric)).toEqual(['latency.p50', 'latency.p99']);
    expect(await leftSince(before)).toEqual([]);
  } finally {
    await space.remove();
  }
}, 520_000);
