/** One line rewritten in place on a terminal; what must not be missed gets a line of its own. */
import type { EventSink, RunEvent } from '../model/events.ts';
import { describe, Pace } from './plain.ts';

export interface LiveTerminal {
  write(text: string): void;
  columns(): number;
}

const CLEAR_LINE = '\r\u001b[2K';

export function liveReporter(terminal: LiveTerminal, nowNs: () => number): EventSink {
  const pace = new Pace(nowNs);
  const permanent = (text: string) => terminal.write(`${CLEAR_LINE}${text}\n`);
  const passing = (text: string) => terminal.write(`${CLEAR_LINE}${fit(text, terminal.columns())}`);
  return (event: RunEvent) => {
    const line = describe(event, pace);
    switch (event.kind) {
      case 'trial-started':
        passing(`${bar(event.number - 1, event.of)} ${event.number}/${event.of} ${event.arm} ${event.workload}${pace.eta()}`);
        return;
      case 'verified':
      case 'trial-ended': {
        const failed = event.kind === 'trial-ended' ? !event.valid : event.finding.level !== 'ok';
        if (line !== undefined) (failed ? permanent : passing)(line);
        return;
      }
      case 'deploying':
      case 'undoing':
        if (line !== undefined) passing(line);
        return;
      case 'started':
      case 'design-chosen':
      case 'finding':
      case 'undo-failed':
      case 'ended':
        if (line !== undefined) permanent(line);
    }
  };
}

function bar(done: number, total: number): string {
  const width = 20;
  const filled = total === 0 ? 0 : Math.round((done / total) * width);
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}]`;
}

function fit(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}
