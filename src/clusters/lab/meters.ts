/** The programs that watch the machine during a run: the stall meter all the time, the idle soaker on demand. */
import type { HostInstruments, IdleSoaker, Stall, StallMeter } from '../../model/contracts/cluster.ts';
import type { RunningProcess } from '../../model/ports.ts';
import { Dialogue } from './dialogue.ts';

/** Starts a program with this listener for its lines. */
export type StartProgram = (name: 'stall-meter' | 'idle-soaker', onLine: (line: string) => void) => Promise<RunningProcess>;

/** @throws MeshtaxError MT3009 when one of them does not start. */
export async function startMeters(start: StartProgram): Promise<Required<Pick<HostInstruments, 'stallMeter' | 'soaker'>>> {
  const stalls = await Dialogue.with('stall-meter', (onLine) => start('stall-meter', onLine));
  const soaker = await Dialogue.with('idle-soaker', (onLine) => start('idle-soaker', onLine));
  return { stallMeter: stallMeterOf(stalls), soaker: soakerOf(soaker) };
}

function stallMeterOf(dialogue: Dialogue): StallMeter {
  return {
    strength: dialogue.greeting === 'fifo' ? 'real-time' : 'ordinary',
    async take() {
      const lines = await dialogue.ask('take');
      return lines.map((line): Stall => {
        const [cpu = 0, fromNs = 0, toNs = 0] = line.split(' ').map(Number);
        return { cpu, fromNs, toNs };
      });
    },
  };
}

function soakerOf(dialogue: Dialogue): IdleSoaker {
  return {
    start: async () => void (await dialogue.ask('start')),
    async stop() {
      const lines = await dialogue.ask('stop');
      return lines.map((line) => {
        const [cpu = 0, wallNs = 0, takenNs = 0, ownNs = 0, stolenNs = 0] = line.split(' ').map(Number);
        return { cpu, wallNs, takenNs, ownNs, stolenNs };
      });
    },
  };
}
