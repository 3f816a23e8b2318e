import { expect, test } from 'vitest';
import { ProcessGenerator, ReplyQueue } from '../../../src/clusters/generator-session.ts';
import type { RunningProcess } from '../../../src/model/ports.ts';

/** A generator whose replies are said by the test. */
function generator(answer: (command: { op: string; id: number }, say: (reply: object) => void) => void) {
  const replies = new ReplyQueue();
  const say = (reply: object) => replies.push(JSON.stringify(reply));
  const process = { writeLine: (line: string) => answer(JSON.parse(line) as { op: string; id: number }, say) } as unknown as RunningProcess;
  return { session: new ProcessGenerator({ role: 'generator', ended: () => undefined }, process, replies, '/run/generator.log'), say };
}
const target = {
  arm: 'direct',
  engine: 'http1',
  host: '10.0.0.1',
  port: 8080,
  connections: 4,
} as unknown as Parameters<ProcessGenerator['connect']>[0];

test('what a command that was given up is answered later belongs to nobody', async () => {
  const { session, say } = generator(({ op, id }, reply) => {
    if (op === 'disconnect') return; // its answer comes when nobody waits for it any more
    reply({ kind: 'done', id: 1 });
    reply({ kind: 'failed', id: 1, reason: 'of the one before' });
    reply({ kind: 'connected', id, connections: 4 });
  });
  say({ kind: 'ready' });
  await session.ready();
  void session.disconnect('direct').catch(() => {});
  expect(await session.connect(target)).toBe(4);
});

test('what fails, and what is no answer to the question, is MT3008 with the log', async () => {
  const { session } = generator(({ id }, reply) => reply({ kind: 'failed', id, reason: 'no socket' }));
  await expect(session.connect(target)).rejects.toMatchObject({ code: 'MT3008', message: expect.stringContaining('no socket') as string });
  const other = generator(({ id }, reply) => reply({ kind: 'done', id }));
  await expect(other.session.connect(target)).rejects.toMatchObject({ code: 'MT3008' });
});

test('after something unreadable nothing more is believed', async () => {
  const replies = new ReplyQueue();
  replies.push('Segmentation fault');
  await expect(replies.next(1000)).rejects.toThrow('it said something unreadable: Segmentation fault');
});
