import { expect, test } from 'vitest';
import { idAside } from '../../../src/run/campaign.ts';

test('an attempt that is set aside never takes the name of one that was stored before an interruption', () => {
  expect(idAside('000-00-direct', 0, new Set(['000-01-envoy']))).toBe('000-00-direct-again1');
  expect(idAside('000-00-direct', 0, new Set(['000-00-direct-again1']))).toBe('000-00-direct-again2');
});
