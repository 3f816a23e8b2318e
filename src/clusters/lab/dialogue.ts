/** The line protocol of the lab's small programs. */
import { MeshtaxError } from '../../model/errors.ts';
import type { RunningProcess } from '../../model/ports.ts';

const ANSWER_TIMEOUT_MS = 30_000;

/** A line is asked, lines up to "." are the answer; one question at a time. */
export class Dialogue {
  readonly #name: string;
  #process: RunningProcess | undefined;
  #lines: string[] = [];
  #waiting: { resolve(lines: string[]): void; reject(error: Error): void } | undefined;
  /** The last question: answered, or failed. */
  #last: Promise<unknown> = Promise.resolve();
  /** After a question without an answer nobody knows which one a later line belongs to. */
  #outOfStep = false;
  greeting = '';

  private constructor(name: string) {
    this.#name = name;
  }

  /** Resolves once it has greeted with its first line. @throws MeshtaxError MT3009 when it does not. */
  static async with(name: string, start: (onLine: (line: string) => void) => Promise<RunningProcess>): Promise<Dialogue> {
    const dialogue = new Dialogue(name);
    const greeted = dialogue.#answer();
    try {
      dialogue.#process = await start((line) => dialogue.#hear(line));
    } catch (error) {
      greeted.catch(() => {});
      dialogue.#waiting?.reject(dialogue.#failed('it could not be started')); // its timer would keep us
      throw error;
    }
    void dialogue.#process.ended.then(({ exitCode }) => dialogue.#waiting?.reject(dialogue.#failed(`it ended with ${exitCode}`)));
    [dialogue.greeting = ''] = await greeted;
    return dialogue;
  }

  /** Waits for its turn. @throws MeshtaxError MT3009 when there is no answer, or there was none to an earlier question. */
  ask(question: string): Promise<string[]> {
    const answer = this.#last.then(() => this.#askNow(question));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #askNow(question: string): Promise<string[]> {
    if (this.#process?.outcome()) throw this.#failed('it ended');
    if (this.#outOfStep) throw this.#failed('an earlier question had no answer');
    const answer = this.#answer();
    this.#process?.writeLine(question);
    return answer;
  }

  #answer(): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#outOfStep = true;
        reject(this.#failed('no answer'));
      }, ANSWER_TIMEOUT_MS);
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
