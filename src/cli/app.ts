/** What every command is given: the outside world, the families, and where to write. */
import { isNamed } from '../model/command-line.ts';
import type { Check } from '../model/contracts/check.ts';
import type { Cluster } from '../model/contracts/cluster.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { Datapath } from '../model/contracts/datapath.ts';
import type { Generator } from '../model/contracts/generator.ts';
import type { Workload } from '../model/contracts/workload.ts';
import { MeshtaxError, reasonOf, type ExitCode } from '../model/errors.ts';
import type { EventSink } from '../model/events.ts';
import type { System } from '../model/ports.ts';

export interface Families {
  readonly clusters: readonly Cluster[];
  readonly datapaths: readonly Datapath[];
  readonly workloads: readonly Workload[];
  readonly generators: readonly Generator[];
  readonly collectors: readonly Collector[];
  readonly checks: readonly Check[];
}

export interface App {
  readonly system: System;
  readonly families: Families;
  readonly version: string;
  readonly argv: readonly string[];
  /** The result. */
  readonly out: (text: string) => void;
  /** Progress and warnings. */
  readonly err: (text: string) => void;
  /** What another tool printed for a terminal, colours and all. */
  readonly pass: (text: string) => void;
  readonly progress: (style: 'auto' | 'plain' | 'jsonl' | 'quiet') => EventSink;
  /** SHA-256, hexadecimal. */
  readonly hash: (text: string) => string;
  /** Runs a command line that only reads in a process without rights, which prints by itself; undefined where there are none to lose. */
  readonly apart?: ((argv: readonly string[]) => Promise<ExitCode>) | undefined;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly interruption: AbortSignal;
}

/** A file the user asked for. @throws MeshtaxError MT1008. */
export async function writeForUser(app: App, file: string, content: string | Uint8Array): Promise<void> {
  try {
    const { files } = app.system;
    await (isNamed(app.argv, file) ? files.writeInto(file, content) : files.writeAtomically(file, content));
  } catch (error) {
    throw new MeshtaxError('MT1008', { file, reason: reasonOf(error) });
  }
}

/** A folder for files that the user asked for. @throws MeshtaxError MT1008. */
export async function makeDirectoryForUser({ system: { files } }: App, directory: string): Promise<void> {
  try {
    await files.makeDirectory(directory);
  } catch (error) {
    throw new MeshtaxError('MT1008', { file: directory, reason: reasonOf(error) });
  }
}

export const DEFAULT_RESULTS = 'results';
export const DEFAULT_REPORTS = 'reports';
