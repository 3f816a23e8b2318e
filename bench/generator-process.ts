/** A generator process on the loopback, driven as the lab drives it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generatorReplySchema, type ArmTarget, type GeneratorCommand, type LoadResult } from '../src/model/contracts/generator.ts';

export interface BenchGenerator {
  connect(target: ArmTarget): Promise<void>;
  load(command: Omit<Extract<GeneratorCommand, { op: 'open-load' }>, 'id' | 'op'>): Promise<LoadResult>;
  stop(): void;
}

/** `cpu`: the processor it is kept on, so that generator and server do not take turns. */
export async function startGenerator(cpu: number): Promise<BenchGenerator> {
  const program = fileURLToPath(new URL('../src/generators/process/main.ts', import.meta.url));
  const child = spawn('taskset', ['-c', String(cpu), process.execPath, '--no-warnings', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await lines.next();
    const reply = generatorReplySchema.parse(JSON.parse(value as string));
    if (reply.kind === 'failed') throw new Error(reply.reason);
    return reply;
  };
  const ask = async (command: GeneratorCommand) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return next();
  };
  await next();
  return {
    async connect(target) {
      await ask({ op: 'connect', id: 1, target });
    },
    async load(command) {
      const reply = await ask({ op: 'open-load', id: 1, ...command });
      if (reply.kind !== 'load') throw new Error(`unexpected ${reply.kind}`);
      return reply.result;
    },
    stop: () => child.stdin.end(),
  };
}
