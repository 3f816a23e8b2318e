/** Hands every event to every reporter; a reporter that fails is dropped and never stops the run. */
import type { EventSink, RunEvent } from '../model/events.ts';

export function multiplex(reporters: readonly EventSink[]): EventSink {
  const live = new Set(reporters);
  return (event: RunEvent) => {
    for (const reporter of live) {
      try {
        reporter(event);
      } catch {
        live.delete(reporter);
      }
    }
  };
}
