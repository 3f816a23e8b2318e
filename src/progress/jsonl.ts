/** Every event as one JSON line, for programs that watch a run. */
import type { EventSink } from '../model/events.ts';

export function jsonlReporter(write: (text: string) => void): EventSink {
  return (event) => write(`${JSON.stringify(event)}\n`);
}
