/** The line protocol with a generator process: one command at a time, answered by one reply. */
import type { GeneratorSession } from '../model/contracts/cluster.ts';
import {
  generatorReplySchema,
  type ArmTarget,
  type GeneratorCommand,
  type GeneratorReply,
  type LoadResult,
  type MaskedArm,
  type TimeWindow,
} from '../model/contracts/generator.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { Component } from '../model/contracts/deployment.ts';
import type { Clock, RunningProcess } from '../model/ports.ts';

const READY_TIMEOUT_MS = 20_000;

/** Replies by arrival; a dead process fails whoever waits. */
export class ReplyQueue {
  readonly #ready: GeneratorReply[] = [];
  #waiting: { resolve(reply: GeneratorReply): void; reject(error: Error): void } | undefined;
  #failure: string | undefined;

  push(line: string): void {
    let reply: GeneratorReply;
    try {
      reply = generatorReplySchema.parse(JSON.parse(line));
    } catch {
      this.fail(`it said something unreadable: ${line.slice(0, 100)}`);
      return;
    }
    if (this.#waiting) this.#waiting.resolve(reply);
    else this.#ready.push(reply);
    this.#waiting = undefined;
  }

  fail(reason: string): void {
    this.#failure ??= reason;
    this.#waiting?.reject(new Error(reason));
    this.#waiting = undefined;
  }

  next(timeoutMs: number): Promise<GeneratorReply> {
    const first = this.#ready.shift();
    if (first) return Promise.resolve(first);
    if (this.#failure !== undefined) return Promise.reject(new Error(this.#failure));
    this.#waiting?.reject(new Error('given up')); // an interrupted load: its timer must not keep the process
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`no answer within ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
      this.#waiting = {
        resolve: (reply) => (clearTimeout(timer), resolve(reply)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      };
    });
  }
}

/** A generator process of this machine, or at the other end of an exec stream. */
export class ProcessGenerator implements GeneratorSession {
  readonly component: Component;
  readonly #process: RunningProcess;
  readonly #replies: ReplyQueue;
  readonly #log: string;
  #nextId = 1;

  constructor(component: Component, process: RunningProcess, replies: ReplyQueue, log: string) {
    this.component = component;
    this.#process = process;
    this.#replies = replies;
    this.#log = log;
  }

  async ready(): Promise<void> {
    const reply = await this.#next(READY_TIMEOUT_MS);
    if (reply.kind !== 'ready') throw this.#failed(`it began with ${reply.kind}`);
  }

  async connect(target: ArmTarget): Promise<number> {
    const reply = await this.#ask({ op: 'connect', id: this.#nextId++, target }, 30_000);
    if (reply.kind !== 'connected') throw this.#failed(`unexpected reply ${reply.kind}`);
    return reply.connections;
  }

  async disconnect(arm: string): Promise<void> {
    await this.#ask({ op: 'disconnect', id: this.#nextId++, arm }, 10_000);
  }

  /** How far its wall clock is ahead of ours, by the question that was answered fastest; half of its way is the error. */
  async clockOffset(clock: Clock, questions = 5): Promise<{ readonly offsetMs: number; readonly errorMs: number }> {
    let best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
    for (let asked = 0; asked < questions; asked++) {
      const beforeMs = clock.wallTime().getTime();
      const beforeNs = clock.monotonicNs();
      const reply = await this.#ask({ op: 'clock', id: this.#nextId++ }, 10_000);
      const errorMs = (clock.monotonicNs() - beforeNs) / 2e6;
      if (reply.kind === 'clock' && errorMs < best.errorMs) best = { offsetMs: reply.wallMs - beforeMs - errorMs, errorMs };
    }
    return best;
  }

  async load(command: Parameters<GeneratorSession['load']>[0]): Promise<LoadResult> {
    const reply = await this.#ask({ ...command, id: this.#nextId++ }, command.durationNs / 1e6 + 60_000);
    if (reply.kind !== 'load') throw this.#failed(`unexpected reply ${reply.kind}`);
    return reply.result;
  }

  async mask(windows: readonly TimeWindow[]): Promise<readonly MaskedArm[]> {
    const reply = await this.#ask({ op: 'mask', id: this.#nextId++, windows: [...windows] }, 60_000);
    if (reply.kind !== 'masked') throw this.#failed(`unexpected reply ${reply.kind}`);
    return reply.arms;
  }

  async #ask(command: GeneratorCommand, timeoutMs: number): Promise<GeneratorReply> {
    this.#process.writeLine(JSON.stringify(command));
    for (;;) {
      const reply = await this.#next(timeoutMs);
      // Of a command that was given up: not the answer to this one.
      if (reply.kind !== 'ready' && reply.id !== command.id) continue;
      if (reply.kind === 'failed') throw this.#failed(reply.reason);
      return reply;
    }
  }

  async #next(timeoutMs: number): Promise<GeneratorReply> {
    try {
      return await this.#replies.next(timeoutMs);
    } catch (error) {
      throw this.#failed(reasonOf(error));
    }
  }

  #failed(problem: string): MeshtaxError {
    return new MeshtaxError('MT3008', { problem, log: this.#log });
  }
}
