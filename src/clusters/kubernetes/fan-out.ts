/**
 * Several generators as one: they start at one instant by their own clocks, whose offsets are measured, and each sends
 * its part of the rate. Poisson arrivals added up are Poisson arrivals. Results are merged as they come.
 */
import type { GeneratorSession } from '../../model/contracts/cluster.ts';
import type { ArmLoad, ArmTarget, LoadResult, MaskedArm, TimeWindow } from '../../model/contracts/generator.ts';
import { decode, encode, newHistogram } from '../../model/histogram.ts';
import type { Clock } from '../../model/ports.ts';
import type { ProcessGenerator } from '../generator-session.ts';

/** All must have their command before the first request is due. */
const LEAD_MS = 400;

type Command = Parameters<GeneratorSession['load']>[0];
type Encoded = ArmLoad['response'];

export interface Member {
  readonly session: ProcessGenerator;
  readonly host: string;
}

export class FanOut implements GeneratorSession {
  readonly #members: readonly ProcessGenerator[];
  /** Where each of them finds its own server. */
  readonly #hosts: readonly string[];
  readonly #offsetsMs: readonly number[];
  readonly #clock: Clock;

  private constructor(members: readonly Member[], offsetsMs: readonly number[], clock: Clock) {
    this.#members = members.map(({ session }) => session);
    this.#hosts = members.map(({ host }) => host);
    this.#offsetsMs = offsetsMs;
    this.#clock = clock;
  }

  /** One alone needs nobody to be in step with. */
  static async over(members: readonly Member[], clock: Clock, told: (words: string) => void): Promise<GeneratorSession> {
    const [first] = members;
    if (!first) throw new Error('a fan-out has members');
    if (members.length === 1) return first.session;
    const offsets = await Promise.all(members.map(({ session }) => session.clockOffset(clock)));
    told(offsets.map(({ offsetMs, errorMs }) => `${offsetMs.toFixed(1)} +- ${errorMs.toFixed(1)} ms`).join(', '));
    return new FanOut(
      members,
      offsets.map(({ offsetMs }) => offsetMs),
      clock,
    );
  }

  get component() {
    const [first] = this.#members as readonly [ProcessGenerator, ...ProcessGenerator[]];
    const ended = () => this.#members.map(({ component }) => component.ended()).find((each) => each !== undefined);
    return { ...first.component, ended };
  }

  async connect(target: ArmTarget): Promise<number> {
    const shares = parts(target.connections, this.#members.length);
    const opened = await Promise.all(
      this.#members.map((member, index) => {
        const dial = { ...target.dial, host: this.#hosts[index] as string };
        return member.connect({ ...target, dial, connections: shares[index] as number });
      }),
    );
    return opened.reduce((sum, each) => sum + each, 0);
  }

  async disconnect(arm: string): Promise<void> {
    await Promise.all(this.#members.map((member) => member.disconnect(arm)));
  }

  async load(command: Command): Promise<LoadResult> {
    const count = this.#members.length;
    const startMs = this.#clock.wallTime().getTime() + LEAD_MS;
    const merged = new MergedLoad();
    await Promise.all(
      this.#members.map(async (member, index) => {
        const startAtWallMs = startMs + (this.#offsetsMs[index] as number);
        merged.add(await member.load(partOf(command, index, count, startAtWallMs)));
      }),
    );
    return command.op === 'open-load' ? { ...merged.result(), leadNs: LEAD_MS * 1e6 } : merged.result();
  }

  async mask(windows: readonly TimeWindow[]): Promise<readonly MaskedArm[]> {
    const masked = await Promise.all(this.#members.map((member) => member.mask(windows)));
    return [...Map.groupBy(masked.flat(), ({ arm }) => arm)].map(([arm, own]) => ({
      arm,
      response: addUp(own.map(({ response }) => response)),
      dropped: own.reduce((sum, { dropped }) => sum + dropped, 0),
    }));
  }
}

/** Whole requests and connections: the first members take what does not divide. */
function parts(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor(total / count) + (index < total % count ? 1 : 0));
}

function partOf(command: Command, index: number, count: number, startAtWallMs: number): Command {
  if (command.op === 'closed-load') {
    return command.inFlight === undefined ? command : { ...command, inFlight: Math.max(1, parts(command.inFlight, count)[index] ?? 1) };
  }
  // Equal gaps of several would otherwise all fall due at once.
  const phaseMs = command.arrivals === 'uniform' ? (index * 1000) / command.ratePerSecond : 0;
  return {
    ...command,
    seed: `${command.seed}/${index}`,
    ratePerSecond: command.ratePerSecond / count,
    startAtWallMs: startAtWallMs + phaseMs,
    ...(command.requests === undefined ? {} : { requests: parts(command.requests, count)[index] as number }),
  };
}

/** Grows with the number of arms, not of generators. */
class MergedLoad {
  readonly #arms = new Map<string, ArmLoad>();
  #sum: LoadResult | undefined;

  add(each: LoadResult): void {
    for (const arm of each.arms) this.#arms.set(arm.arm, together(this.#arms.get(arm.arm), arm));
    const before = this.#sum;
    if (!before) this.#sum = each;
    else
      this.#sum = {
        ...before,
        // Of one clock: the others' instants mean nothing beside it.
        endNs: before.startNs + Math.max(before.endNs - before.startNs, each.endNs - each.startNs),
        intendedRequests: before.intendedRequests + each.intendedRequests,
        achievedRatePerSecond: before.achievedRatePerSecond + each.achievedRatePerSecond,
        lag: addUp([before.lag, each.lag]),
        gapVariation: Math.max(before.gapVariation, each.gapVariation),
        cpuNs: before.cpuNs + each.cpuNs,
        loopUtilisation: Math.max(before.loopUtilisation, each.loopUtilisation),
      };
  }

  result(): LoadResult {
    if (!this.#sum) throw new Error('nothing was added');
    return { ...this.#sum, arms: [...this.#arms.values()] };
  }
}

function together(a: ArmLoad | undefined, b: ArmLoad): ArmLoad {
  if (!a) return b;
  const errorKinds = { ...a.errorKinds };
  for (const [kind, count] of Object.entries(b.errorKinds)) errorKinds[kind] = (errorKinds[kind] ?? 0) + count;
  return {
    arm: a.arm,
    sent: a.sent + b.sent,
    ok: a.ok + b.ok,
    errors: a.errors + b.errors,
    errorKinds,
    response: addUp([a.response, b.response]),
    responseError: addUp([a.responseError, b.responseError]),
    wait: addUp([a.wait, b.wait]),
    connectionsOpened: a.connectionsOpened + b.connectionsOpened,
    backlogMax: Math.max(a.backlogMax, b.backlogMax),
    backlogAtEnd: a.backlogAtEnd + b.backlogAtEnd,
  };
}

function addUp(all: readonly Encoded[]): Encoded {
  const sum = newHistogram();
  for (const each of all) {
    const histogram = decode(each);
    if (histogram) sum.add(histogram);
  }
  return encode(sum);
}
