/** Scrapes a source while anybody listens, however many do. */
import type { CadvisorSource } from '../../model/contracts/cadvisor.ts';
import { reasonOf } from '../../model/errors.ts';
import { parseExposition, type Page } from '../../model/exposition.ts';
import type { Clock } from '../../model/ports.ts';

export interface Listener {
  /** Only lines with one of these texts are of interest to it; none: all are. */
  readonly mentions: readonly string[];
  onPage(page: Page): void;
  onFailure(reason: string): void;
}

const pollers = new WeakMap<CadvisorSource, Poller>();

export function pollerOf(source: CadvisorSource, clock: Clock, wanted: (name: string) => boolean): Poller {
  const known = pollers.get(source);
  if (known) return known;
  const poller = new Poller(source, clock, wanted);
  pollers.set(source, poller);
  return poller;
}

class Poller {
  readonly #source: CadvisorSource;
  readonly #clock: Clock;
  readonly #wanted: (name: string) => boolean;
  readonly #listeners = new Set<Listener>();
  #stop: AbortController | undefined;

  constructor(source: CadvisorSource, clock: Clock, wanted: (name: string) => boolean) {
    this.#source = source;
    this.#clock = clock;
    this.#wanted = wanted;
  }

  /** The listener has had a page, or a failure, when this resolves. Returns how to stop listening. */
  async listen(listener: Listener): Promise<() => void> {
    this.#listeners.add(listener);
    this.#tell(await this.#scrape(), [listener]);
    if (!this.#stop) {
      this.#stop = new AbortController();
      void this.#loop(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  }

  async #loop(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(this.#source.housekeepingMs, signal).catch(() => {});
      if (signal.aborted) return;
      const page = await this.#scrape();
      if (signal.aborted) return;
      this.#tell(page, this.#listeners);
    }
  }

  async #scrape(): Promise<Page | string> {
    try {
      return parseExposition(await this.#source.scrape(), this.#wanted, this.#mentions());
    } catch (error) {
      return reasonOf(error);
    }
  }

  #mentions(): readonly string[] {
    const all = [...this.#listeners].map(({ mentions }) => mentions);
    return all.some((each) => each.length === 0) ? [] : [...new Set(all.flat())];
  }

  #tell(page: Page | string, listeners: Iterable<Listener>): void {
    for (const listener of listeners) {
      if (typeof page === 'string') listener.onFailure(page);
      else listener.onPage(page);
    }
  }
}
