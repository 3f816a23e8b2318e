import type { Calibration } from '../../model/calibration.ts';
import { calibrationTables, calibrationVerdict } from '../calibration.ts';
import { tableText } from './text.ts';

export function calibrationText(calibration: Calibration): string {
  const lines = calibrationTables(calibration).flatMap((table) => [...tableText(table), '']);
  return [...lines, calibrationVerdict(calibration), ''].join('\n');
}
