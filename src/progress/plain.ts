/** One line per transition, for CI and logs. */
import type { EventSink, RunEvent } from '../model/events.ts';
import { formatDuration } from '../model/units.ts';

export function plainReporter(write: (text: string) => void, nowNs: () => number): EventSink {
  const startNs = nowNs();
  const pace = new Pace(nowNs);
  return (event) => {
    const line = describe(event, pace);
    if (line !== undefined) write(`[${formatDuration(nowNs() - startNs).padStart(7)}] ${line}\n`);
  };
}

export function describe(event: RunEvent, pace: Pace): string | undefined {
  switch (event.kind) {
    case 'started':
      pace.begin(event.trials, event.budgetNs);
      return `run ${event.run}: ${event.trials} trials at most, about ${formatDuration(event.estimateNs)}`;
    case 'deploying':
      return `deployment ${event.deployment + 1}: ${event.arms.join(', ')}`;
    case 'verified':
      return `${event.finding.level === 'ok' ? 'ok  ' : 'FAIL'} ${event.arm}/${event.workload}: ${event.finding.detail}`;
    case 'trial-started':
      return undefined;
    case 'trial-ended':
      pace.tick();
      return `${event.valid ? 'ok  ' : 'INVALID'} ${event.number}/${event.of} ${event.id}: ${event.summary}${pace.eta()}`;
    case 'design-chosen':
      return `${event.workload}, ${event.load}: ${event.design} (${event.reason})${event.capacityPerSecond === null ? '' : `, lowest capacity ${event.capacityPerSecond}/s (${event.weakest})`}`;
    case 'finding':
      return event.finding.level === 'ok' ? undefined : `${event.finding.level}: ${event.finding.title}: ${event.finding.detail}`;
    case 'undoing':
      return 'removing what was made';
    case 'undo-failed':
      return `could not undo ${event.title}: ${event.reason} (meshtax clean --all)`;
    case 'ended':
      return `run ${event.status}`;
  }
}

/** Time left, from the trials that this run has really done; no more than the budget leaves. */
export class Pace {
  readonly #nowNs: () => number;
  #startNs = 0;
  #done = 0;
  #total = 0;
  #budgetNs: number | null = null;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  begin(total: number, budgetNs: number | null): void {
    this.#total = total;
    this.#budgetNs = budgetNs;
    this.#startNs = this.#nowNs();
  }

  tick(): void {
    this.#done++;
  }

  eta(): string {
    if (this.#done === 0 || this.#done >= this.#total) return '';
    const spentNs = this.#nowNs() - this.#startNs;
    const allNs = (spentNs / this.#done) * (this.#total - this.#done);
    if (this.#budgetNs === null) return `, ${inSeconds(allNs)} left`;
    return `, at most ${inSeconds(Math.max(0, Math.min(allNs, this.#budgetNs - spentNs)))} left`;
  }
}

function inSeconds(ns: number): string {
  return formatDuration(Math.round(ns / 1e9) * 1e9);
}
