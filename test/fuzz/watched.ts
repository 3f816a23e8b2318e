/** A target in a thread of its own: an input that never ends is found, named, and ends the thread, not the campaign. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fuzz, inWords, targets, type FuzzRecord } from './campaign.ts';

/** Shared with the thread: how many inputs it began, and the last of them in words. */
const [BEGUN, LENGTH] = [0, 1];
const HEAD_BYTES = 8;
const ROOM_BYTES = 65_536;
const HANGS_MS = 20_000;

interface Task {
  readonly id: string;
  readonly inputs: number;
  readonly seed: string;
  readonly shared: SharedArrayBuffer;
}

export async function fuzzWatched(id: string, inputs: number, seed: string): Promise<FuzzRecord> {
  const shared = new SharedArrayBuffer(HEAD_BYTES + ROOM_BYTES);
  const head = new Int32Array(shared, 0, 2);
  const worker = new Worker(new URL(import.meta.url), { workerData: { id, inputs, seed, shared } satisfies Task });
  let [begun, sinceMs] = [0, performance.now()];
  /** What the thread said of its last input when it can say nothing more. */
  const failed = (problem: string, slowestMs = 0): FuzzRecord => {
    const input = new TextDecoder().decode(new Uint8Array(shared, HEAD_BYTES, head[LENGTH]).slice());
    return { target: id, inputs: head[BEGUN] ?? 0, slowestMs, blocks: 0, failures: [{ input, problem }] };
  };
  const hanging = new Promise<FuzzRecord>((resolve) => {
    const timer = setInterval(() => {
      if (head[BEGUN] !== begun) [begun, sinceMs] = [head[BEGUN] ?? 0, performance.now()];
      const tookMs = performance.now() - sinceMs;
      if (tookMs < HANGS_MS) return;
      clearInterval(timer);
      resolve(failed('it hangs', Math.round(tookMs)));
    }, 500);
    worker.once('exit', () => clearInterval(timer));
  });
  // Its last word, or that it went without one: out of memory, or by an error that nobody caught.
  const done = new Promise<FuzzRecord>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve(failed(`the thread ended: ${String(error)}`)));
    worker.once('exit', (code) => setImmediate(() => resolve(failed(`the thread ended with ${code}`))));
  });
  try {
    return await Promise.race([done, hanging]);
  } finally {
    await worker.terminate();
  }
}

if (!isMainThread && parentPort) {
  const { id, inputs, seed, shared } = workerData as Task;
  const head = new Int32Array(shared, 0, 2);
  const room = new Uint8Array(shared, HEAD_BYTES);
  const target = targets.find((each) => each.target.id === id)?.target;
  if (!target) throw new Error(`no target ${id}`);
  const begin = (input: unknown) => {
    const bytes = Buffer.from(inWords(input)).subarray(0, ROOM_BYTES);
    room.set(bytes);
    head[LENGTH] = bytes.length;
    head[BEGUN] = (head[BEGUN] ?? 0) + 1;
  };
  parentPort.postMessage(await fuzz(target, inputs, seed, begin));
}
