/** The generator process: commands come as JSON lines on stdin, replies go out as JSON lines on stdout. */
import { createInterface } from 'node:readline';
import { generatorCommandSchema, type ArmTarget, type GeneratorCommand, type GeneratorReply } from '../../model/contracts/generator.ts';
import { reasonOf } from '../../model/errors.ts';
import type { ArmClient } from './arm-client.ts';
import { openDial } from './dial.ts';
import { runClosedLoad } from './closed-load.ts';
import { engines } from './engines.ts';
import { maskLastLoad, runOpenLoad } from './open-load.ts';

const clients = new Map<string, ArmClient>();
const targets = new Map<string, ArmTarget>();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(line));
lines.on('close', () => process.exit(0)); // the parent is gone
reply({ kind: 'ready' });

async function answer(line: string): Promise<void> {
  let id = -1;
  try {
    const command = generatorCommandSchema.parse(JSON.parse(line));
    id = command.id;
    reply(await obey(command));
  } catch (error) {
    reply({ kind: 'failed', id, reason: reasonOf(error) });
  }
}

async function obey(command: GeneratorCommand): Promise<GeneratorReply> {
  switch (command.op) {
    case 'connect':
      return { kind: 'connected', id: command.id, connections: await connect(command.target) };
    case 'disconnect':
      clients.get(command.arm)?.close();
      clients.delete(command.arm);
      return { kind: 'done', id: command.id };
    case 'open-load':
      return { kind: 'load', id: command.id, result: await runOpenLoad(command, clients) };
    case 'mask':
      return { kind: 'masked', id: command.id, arms: maskLastLoad(command.windows) };
    case 'closed-load': {
      const client = clients.get(command.arm);
      if (client) return { kind: 'load', id: command.id, result: await runClosedLoad(command, client) };
      const { runCapacityLoad } = await import('./capacity-load.ts');
      const target = targets.get(command.arm);
      if (!target) throw new Error(`${command.arm} is not connected`);
      return { kind: 'load', id: command.id, result: await runCapacityLoad(target, command.durationNs) };
    }
    case 'clock':
      return { kind: 'clock', id: command.id, wallMs: performance.timeOrigin + performance.now() };
    case 'exit':
      process.exit(0);
  }
}

/** autocannon makes its own connections at each load; for it the target is only remembered. */
async function connect(target: ArmTarget): Promise<number> {
  targets.set(target.arm, target);
  if (target.engine === 'autocannon') return 0;
  const engine = engines[target.engine];
  if (!engine) throw new Error(`no engine called ${target.engine}`);
  const chosen = await engine();
  const client = await chosen.open(target, openDial(target.dial));
  clients.set(target.arm, client);
  return client.opened();
}

function reply(message: GeneratorReply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
