/** The run's record and its counts while it runs. */
import type { Finding } from '../model/findings.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';
import type { DeployedBlock } from './deployment.ts';

/** From all trials so far: the questions (campaign's `questionOf`) that still have no verdict. */
export type Assess = (trials: readonly TrialRecord[], run: RunRecord) => ReadonlySet<string>;

export class RunState {
  record: RunRecord;
  /** The cluster let us in: from here on the record is ours. */
  opened = false;
  /** Questions without a verdict; undefined before the first assessment. */
  open: ReadonlySet<string> | undefined;
  /** Why no more blocks will be measured; undefined while more are to come. */
  stopped: string | undefined;
  readonly planned: number;
  #measured = 0;
  #invalid = 0;
  /** Only of a run that judges itself, which needs its whole sample; of any other they are on disk. */
  readonly #trials: TrialRecord[] | undefined;
  readonly #blocks: Set<number>;

  constructor(record: RunRecord, trials: readonly TrialRecord[], planned: number, judgesItself: boolean) {
    this.record = { ...record, status: 'running', failure: null };
    this.#trials = judgesItself ? [] : undefined;
    this.#blocks = new Set(trials.map((trial) => trial.block));
    this.planned = planned;
    for (const trial of trials) this.noteTrial(trial);
  }

  get measured(): number {
    return this.#measured;
  }

  get invalid(): number {
    return this.#invalid;
  }

  get blocksDone(): number {
    return this.#blocks.size;
  }

  update(change: Partial<RunRecord>): void {
    this.record = { ...this.record, ...change, ...(change.status === 'complete' ? { sealed: true } : {}) };
  }

  stop(reason: string): void {
    this.stopped = reason;
    this.update({ stopped: reason });
  }

  noteDeployment(deployed: DeployedBlock): void {
    const arms = this.record.arms.map((arm) => {
      const deployment = deployed.deployments.find((candidate) => candidate.arm === arm.name);
      return deployment ? { ...arm, features: deployment.features, notes: { ...deployment.notes } } : arm;
    });
    this.update({ arms });
  }

  /** What was seen on the path, block by block. */
  noteProofs(block: number, findings: readonly Finding[]): void {
    const proofs = findings.map(({ title, detail, evidence = {} }) => ({ block, title, detail, evidence }));
    this.update({ proofs: [...this.record.proofs, ...proofs] });
  }

  noteTrial(record: TrialRecord): void {
    this.#trials?.push(record);
    this.#count(record, 1);
  }

  replaceTrial(record: TrialRecord, by: TrialRecord): void {
    if (this.#trials) this.#trials[this.#trials.indexOf(record)] = by;
    this.#count(record, -1);
    this.#count(by, 1);
  }

  endBlock(block: number): void {
    this.#blocks.add(block);
  }

  /** Only of a run that judges itself. */
  assess(assess: Assess): void {
    if (this.#trials) this.open = assess(this.#trials, this.record);
  }

  #count({ superseded, valid }: TrialRecord, by: 1 | -1): void {
    if (superseded) return;
    this.#measured += by;
    if (!valid) this.#invalid += by;
  }
}
