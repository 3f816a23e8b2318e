import { describe, expect, test } from 'vitest';
import { mapBytesShown, perCpuSums, programShown, programsShown } from '../../../src/model/bpftool.ts';

const UNEXPECTED = expect.objectContaining({ code: 'MT3009' }) as Error;

describe('what bpftool prints', () => {
  test('programs, with no counts where they never ran', () => {
    const one = '{"id":7,"name":"from_netdev","run_time_ns":500,"run_cnt":5}';
    expect(programShown(one)).toEqual({ runs: 5, runTimeNs: 500 });
    expect(programsShown(`[${one},{"id":8}]`)).toEqual([
      { runs: 5, runTimeNs: 500 },
      { runs: 0, runTimeNs: 0 },
    ]);
  });

  test('maps, and counters summed over CPUs', () => {
    expect(mapBytesShown('[{"id":5,"bytes_memlock":4096}]')).toEqual([4096]);
    const entry = (key: number, ...values: number[]) => ({ formatted: { key, values: values.map((value, cpu) => ({ cpu, value })) } });
    expect(perCpuSums(JSON.stringify([entry(1, 3, 4), entry(0, 1, 2)]))).toEqual([3, 7]);
    for (const wrong of [[entry(0, 1), entry(2, 1)], [entry(0, 1), entry(0, 1)], [entry(0, -1)], [entry(0, 0.5)]])
      expect(() => perCpuSums(JSON.stringify(wrong))).toThrow(UNEXPECTED);
  });

  test.each(['', 'null', '{}', '{"error":"no such file"}', '{"id":7,"run_cnt":"5"}', '{"id":7,"run_cnt":-1}', '[{"id":7}]', '7'])(
    '%s is no program that never ran',
    (json) => expect(() => programShown(json)).toThrow(UNEXPECTED),
  );
});
