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
  readonly #trials: TrialRecord[];
  readonly #blocks: Set<number>;

  constructor(record: RunRecord, trials: readonly TrialRecord[], planned: number) {
    this.record = { ...record, status: 'running', failure: null };
    this.#trials = [...trials];
    this.#blocks = new Set(trials.map((trial) => trial.block));
    this.planned = planned;
  }

  get measured(): number {
    return this.#counted.length;
  }

  get invalid(): number {
    return this.#counted.filter((trial) => !trial.valid).length;
  }

  get blocksDone(): number {
    return this.#blocks.size;
  }

  get #counted(): TrialRecord[] {
    return this.#trials.filter((trial) => !trial.superseded);
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
    this.#trials.push(record);
  }

  replaceTrial(record: TrialRecord, by: TrialRecord): void {
    this.#trials[this.#trials.indexOf(record)] = by;
  }

  endBlock(block: number): void {
    this.#blocks.add(block);
  }

  assess(assess: Assess): void {
    this.open = assess(this.#trials, this.record);
  }
}
