import { expect, test } from 'vitest';
import { newHeightMiB, slopeOf, type Sample } from '../../soak/growth.ts';
import { wrongOf, type SoakRecord } from '../../soak/record.ts';

/** Two hours, every ten seconds. */
const samples = (rssMiB: (hours: number) => number): Sample[] =>
  Array.from({ length: 720 }, (_, at) => ({ atS: at * 10, rssMiB: rssMiB(at / 360) + (at % 2) * 0.1, descriptors: 20 }));
const growth = (role: string, of: readonly Sample[]) => ({
  role,
  samples: of.length,
  firstMiB: 0,
  lastMiB: 0,
  mostMiB: 0,
  memoryPerHourMiB: slopeOf(of, ({ rssMiB }) => rssMiB),
  newHeightMiB: newHeightMiB(of),
  meansMiB: [],
  descriptorsMost: 20,
  descriptorsPerHour: slopeOf(of, ({ descriptors }) => descriptors),
});
const flat = samples(() => 80);
const wrong = (observer: readonly Sample[]) =>
  wrongOf({
    asked: 120,
    minutes: 120,
    exit: 0,
    hung: false,
    trials: 1000,
    blocks: 50,
    journalBytes: 0,
    runBytes: 0,
    trialBytes: 0,
    leaked: [],
    lost: [],
    commit: '',
    at: '',
    processes: [growth('meshtax', flat), growth('generator', flat), growth('server', flat), growth('observer', observer)],
  } satisfies Omit<SoakRecord, 'wrong'>);

test('what leaks grows: slowly, or only from the second hour on', () => {
  expect(wrong(samples((hours) => 100 + 5 * hours))).toEqual(['observer grows by 5.0 MiB an hour']);
  expect(wrong(samples((hours) => 100 + 5 * Math.max(0, hours - 1)))).toEqual(['observer grows by 5.0 MiB an hour']);
});

test('what was given back and fills again does not, nor what is warm after an hour', () => {
  expect(wrong(samples((hours) => (hours < 0.5 ? 116 : 108 + 5 * (hours - 0.5))))).toEqual([]);
  expect(wrong(samples((hours) => 100 + 20 * Math.min(hours, 0.9)))).toEqual([]);
});
