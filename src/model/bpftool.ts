/**
 * What `bpftool --json` prints (tools/bpf/bpftool of the kernel). It may come out of somebody's container: what is not as it should be
 * is an error, and never a count.
 */
import { MeshtaxError } from './errors.ts';
import { jsonOrUndefined } from './json.ts';

export interface BpfRuns {
  readonly runs: number;
  readonly runTimeNs: number;
}

/** Of `prog show pinned`. What never ran while it was counted has no counts. @throws MeshtaxError MT3009. */
export function programShown(json: string): BpfRuns {
  return runsOf(jsonOrUndefined(json));
}

/** Of `prog show`. @throws MeshtaxError MT3009. */
export function programsShown(json: string): BpfRuns[] {
  return list(jsonOrUndefined(json)).map(runsOf);
}

/** Of `map show`: the memory of each, bytes. @throws MeshtaxError MT3009. */
export function mapBytesShown(json: string): number[] {
  return list(jsonOrUndefined(json)).map((each) => count(withId(each)['bytes_memlock'] ?? 0));
}

/** Of `map dump`, a per-CPU array of u64: by key, summed over CPUs. @throws MeshtaxError MT3009. */
export function perCpuSums(json: string): number[] {
  const sums = new Map<number, number>();
  for (const entry of list(jsonOrUndefined(json))) {
    const { key, values } = object(object(entry)['formatted']);
    if (sums.has(count(key))) unexpected();
    const ofCpus = list(values).map((each) => count(object(each)['value']));
    sums.set(
      count(key),
      ofCpus.reduce((sum, each) => sum + each, 0),
    );
  }
  return Array.from({ length: sums.size }, (_, key) => sums.get(key) ?? unexpected());
}

function runsOf(value: unknown): BpfRuns {
  const program = withId(value);
  return { runs: count(program['run_cnt'] ?? 0), runTimeNs: count(program['run_time_ns'] ?? 0) };
}

function withId(value: unknown): Readonly<Record<string, unknown>> {
  const shown = object(value);
  count(shown['id']);
  return shown;
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : unexpected();
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : unexpected();
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : unexpected();
}

function unexpected(): never {
  throw new MeshtaxError('MT3009', { command: 'bpftool --json', problem: 'it printed something else than it does' });
}
