/**
 * Between a generator, which may enter no pod, and the dialers that live in them: questions go one way, open sockets the other. A
 * socket belongs to the network namespace of the process that made it, whoever uses it later.
 */
import { z } from 'zod';
import type { RunningProcess } from '../../model/ports.ts';

/** What a generator asks. */
const questionSchema = z.object({ dial: z.number(), through: z.string(), host: z.string(), port: z.number() });
/** What a dialer answers; without an error a socket comes with it. */
const answerSchema = z.object({ id: z.number(), error: z.string().optional() });

interface Waiting {
  readonly asker: RunningProcess;
  readonly dial: number;
  readonly through: string;
}

export class Dialers {
  readonly #running = new Map<string, RunningProcess>();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** A dialer whose messages are told to `hear`. */
  add(name: string, dialer: RunningProcess): void {
    this.#running.set(name, dialer);
    void dialer.ended.then(() => {
      this.#running.delete(name);
      for (const [id, waiting] of this.#waiting) if (waiting.through === name) this.hear({ id, error: 'the dialer ended' }, undefined);
    });
  }

  /** A message of a generator; what is none of its questions is let fall. */
  ask(asker: RunningProcess, message: unknown): void {
    const question = questionSchema.safeParse(message);
    if (!question.success) return;
    const { dial, through, host, port } = question.data;
    const dialer = this.#running.get(through);
    if (!dialer) {
      asker.send({ dial, error: `there is no dialer in ${through}` });
      return;
    }
    const id = this.#nextId++;
    this.#waiting.set(id, { asker, dial, through });
    dialer.send({ id, host, port });
  }

  /** A message of a dialer. */
  hear(message: unknown, socket: unknown): void {
    const answer = answerSchema.safeParse(message);
    const waiting = answer.success ? this.#waiting.get(answer.data.id) : undefined;
    if (!answer.success || !waiting) return;
    const { id, error } = answer.data;
    this.#waiting.delete(id);
    waiting.asker.send({ dial: waiting.dial, ...(error === undefined ? {} : { error }) }, socket);
  }
}
