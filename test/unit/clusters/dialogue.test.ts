import { afterEach, expect, test, vi } from 'vitest';
import { Dialogue } from '../../../src/clusters/lab/dialogue.ts';
import type { RunningProcess } from '../../../src/model/ports.ts';

afterEach(() => void vi.useRealTimers());

/** A program that greets, and answers when the test says so. */
async function dialogue() {
  let say: (line: string) => void = () => {};
  const asked: string[] = [];
  const found = await Dialogue.with('a program', async (onLine) => {
    say = onLine;
    queueMicrotask(() => onLine('ready'));
    const process: RunningProcess = {
      pid: 1,
      ended: new Promise(() => {}),
      outcome: () => undefined,
      writeLine: (line) => void asked.push(line),
      send: () => {},
      stop: async () => {},
    };
    return process;
  });
  return { found, asked, say: (...lines: string[]) => lines.forEach((line) => say(line)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('two questions at once: the second waits, and each has its own answer', async () => {
  const { found, asked, say } = await dialogue();
  const answers = Promise.all([found.ask('one'), found.ask('two')]);
  await turn();
  expect(asked).toEqual(['one']);
  say('1', '.');
  await turn();
  expect(asked).toEqual(['one', 'two']);
  say('2', '.');
  expect(await answers).toEqual([['1'], ['2']]);
});

test('a program that cannot be started leaves no timer, and nothing that nobody waits for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await expect(Dialogue.with('a program', () => Promise.reject(new Error('no cgroup')))).rejects.toThrow('no cgroup');
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer that comes too late is never taken for the next one: MT3009 from there on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { found, asked, say } = await dialogue();
  const late = expect(found.ask('one')).rejects.toMatchObject({ code: 'MT3009', message: expect.stringContaining('no answer') });
  await turn();
  vi.advanceTimersByTime(30_000);
  await late;
  const next = expect(found.ask('two')).rejects.toMatchObject({ code: 'MT3009', message: expect.stringContaining('earlier question') });
  say('1', '.');
  await next;
  expect(asked).toEqual(['one']);
});
