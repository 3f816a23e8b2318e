/** The run's record and its counts while it runs. */
import type { Finding } from '../model/findings.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';
import type { DeployedBlock } from './deployment.ts';

/** How a run judges itself. */
export interface Assessment {
  /** What has to be kept of a trial for that. */
  essentialsOf(trial: TrialRecord): TrialRecord;
  /** From all trials so far: the questions (campaign's `questionOf`) that still have no verdict. */
  openQuestions(trials: readonly TrialRecord[], run: RunRecord): ReadonlySet<string>;
}

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
  readonly #assessment: Assessment | undefined;
  /** By id, as far as the assessment needs them; a run that does not judge itself keeps none. */
  readonly #trials = new Map<string, TrialRecord>();
  readonly #blocks: Set<number>;

  /** `assessment`: of a run that judges itself. */
  constructor(
    record: RunRecord,
    trials: readonly TrialRecord[],
    blocksDone: readonly number[],
    planned: number,
    assessment: Assessment | undefined,
  ) {
    this.record = { ...record, status: 'running', failure: null };
    this.#assessment = assessment;
    this.#blocks = new Set(blocksDone);
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
    if (this.#assessment) this.#trials.set(record.id, this.#assessment.essentialsOf(record));
    this.#count(record, 1);
  }

  replaceTrial(record: TrialRecord, by: TrialRecord): void {
    this.#trials.delete(record.id);
    this.#count(record, -1);
    this.noteTrial(by);
  }

  endBlock(block: number): void {
    this.#blocks.add(block);
  }

  assess(): void {
    if (this.#assessment) this.open = this.#assessment.openQuestions([...this.#trials.values()], this.record);
  }

  #count({ superseded, valid }: TrialRecord, by: 1 | -1): void {
    if (superseded) return;
    this.#measured += by;
    if (!valid) this.#invalid += by;
  }
}
