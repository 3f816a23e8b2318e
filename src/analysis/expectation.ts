/** What a run can see on this host, said before it begins: from the spread of two identical datapaths in its calibration. */
import type { Calibration } from '../model/calibration.ts';
import type { Finding } from '../model/findings.ts';
import { minimumDetectableEffect } from './statistics/power.ts';

interface Planned {
  readonly blocks: number;
  readonly stop: 'when-resolved' | 'fixed';
  readonly confidence: number;
  readonly margin: number;
}

export function expectationOf(calibration: Calibration | null, { blocks, stop, confidence, margin }: Planned): Finding {
  const base = { code: 'MT0003', level: 'info' as const, title: 'detectable difference', why: '' };
  if (calibration === null) return { ...base, detail: 'unknown: this host was never calibrated', fix: 'meshtax calibrate' };
  const kind = stop === 'fixed' ? 'fixed' : 'anytime';
  const parts = Object.entries(calibration.pairSd).map(([metric, { masked }]) => {
    const effect = Math.expm1(minimumDetectableEffect(masked, blocks, kind, confidence));
    return `${metric.replace('latency.', '')} ${Number.isFinite(effect) ? `${(effect * 100).toFixed(1)} %` : 'nothing'}`;
  });
  const detail = `with ${blocks} blocks, at 80 % power, from two identical datapaths in the calibration: ${parts.join(', ')}; the margin is ${margin * 100} %`;
  return { ...base, detail, fix: '' };
}
