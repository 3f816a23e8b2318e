/** A fault: what is done to a run that is going on, and what may come of it. */
import type { TrialRecord } from '../../src/model/records.ts';
import type { Scene } from './scene.ts';

/**
 * `ended`: the run ended with a code. `invalid`: trials under the fault are invalid, each with its reason. `reported`: they count, with
 * a warning, or without the figures whose source is gone, and why. `unharmed`: nothing that is measured depends on what was harmed,
 * and every request was counted and answered.
 */
export type Outcome = 'ended' | 'invalid' | 'reported' | 'unharmed';

export interface Fault {
  readonly id: string;
  /** Beside `direct`, as an experiment names it. */
  readonly datapath: string;
  readonly workload?: 'http-echo' | 'grpc-unary';
  /**
   * `starting`: it is there before the run. `deploying`: as soon as the first pods are there. `measuring`: in the middle of the
   * second window of that datapath.
   */
  readonly when: 'starting' | 'deploying' | 'measuring';
  /**
   * Returns what mends the machine again, where the run's own undoing does not.
   * @throws Error when it had no effect: then nothing was tried.
   */
  harm(scene: Scene): Promise<(() => Promise<void>) | undefined>;
  readonly allowed: readonly Outcome[];
  /** Codes of which one must tell of it; another would be of something else. A missing figure tells by its collector's name. */
  readonly tells: readonly string[];
  /** It changes the machine: others at the same time would be under it too. */
  readonly alone?: boolean;
  /** What hangs cannot be asked to undo its part: that it could not is told, and nothing of it may be left all the same. Its name. */
  readonly mute?: string;
  /** Of what the reason must speak, where its code could be of something else too. */
  readonly names?: string;
  /** It lasts until the run is over, for both datapaths: no window that begins under it may count. */
  readonly lasts?: boolean;
  /** It takes what was measured away itself: that this is lost says nothing. */
  readonly loses?: boolean;
  /** What must be seen in the trials when it had its effect; returns what was not. */
  readonly effect?: (trials: readonly TrialRecord[]) => readonly string[];
  /** The collector that has no source any more: what it says of later windows would be made up. */
  readonly collector?: string | undefined;
  /** Made up is what it says of the window of the harm; later ones may have figures again. */
  readonly madeUpOnce?: boolean;
  /** How its datapaths are measured; one after the other unless it says so. */
  readonly measured?: 'duet' | 'with a ladder';
  /** What the run and all of its processes are started with; made in its folder for files. */
  readonly environment?: (scratch: string) => Promise<Record<string, string>>;
  /** Where the run's directory is to be, for faults of its disk. */
  readonly disk?: { readonly sizeKiB: number; readonly inodes?: number };
}

/** Requests fail, stray, or find no connection. */
export const NO_ANSWERS = ['MT0302', 'MT0306', 'MT3008', 'MT3013'];

/** What has nothing to mend. */
export const once =
  (harm: (scene: Scene) => Promise<unknown>): Fault['harm'] =>
  async (scene) => {
    await harm(scene);
    return undefined;
  };
