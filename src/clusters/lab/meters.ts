/** The programs that watch the machine during a run: the stall meter all the time, the idle soaker on demand. */
import type { HostInstruments, IdleSoaker, Stall, StallMeter } from '../../model/contracts/cluster.ts';
import { MeshtaxError } from '../../model/errors.ts';
import type { RunningProcess } from '../../model/ports.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** Starts a program with this listener for its lines. */
export type StartProgram = (name: 'stall-meter' | 'idle-soaker', onLine: (line: string) => void) => Promise<RunningProcess>;

/** @throws MeshtaxError MT3009 when one of them does not start. */
export async function startMeters(start: StartProgram): Promise<Required<HostInstruments>> {
  const stalls = await Dialogue.with('stall-meter', start);
  const soaker = await Dialogue.with('idle-soaker', start);
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

/** A line is asked, lines up to "." are the answer; one question at a time. */
class Dialogue {
  readonly #name: string;
  #process: RunningProcess | undefined;
  #lines: string[] = [];
  #waiting: { resolve(lines: string[]): void; reject(error: Error): void } | undefined;
  greeting = '';

  private constructor(name: string) {
    this.#name = name;
  }

  static async with(name: 'stall-meter' | 'idle-soaker', start: StartProgram): Promise<Dialogue> {
    const dialogue = new Dialogue(name);
    const greeted = dialogue.#answer();
    dialogue.#process = await start(name, (line) => dialogue.#hear(line));
    void dialogue.#process.ended.then(({ exitCode }) => dialogue.#waiting?.reject(dialogue.#failed(`it ended with ${exitCode}`)));
    [dialogue.greeting = ''] = await greeted;
    return dialogue;
  }

  async ask(question: string): Promise<string[]> {
    if (this.#process?.outcome()) throw this.#failed('it ended');
    const answer = this.#answer();
    this.#process?.writeLine(question);
    return answer;
  }

  #answer(): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#failed('no answer')), ANSWER_TIMEOUT_MS);
      this.#waiting = {
        resolve: (lines) => (clearTimeout(timer), resolve(lines)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      };
    });
  }

  #hear(line: string): void {
    const isGreeting = this.greeting === '' && line !== '.';
    if (line !== '.') this.#lines.push(line);
    if (line !== '.' && !isGreeting) return;
    if (isGreeting) this.greeting = line;
    const lines = this.#lines;
    this.#lines = [];
    this.#waiting?.resolve(lines);
    this.#waiting = undefined;
  }

  #failed(problem: string): MeshtaxError {
    return new MeshtaxError('MT3009', { command: this.#name, problem });
  }
}
