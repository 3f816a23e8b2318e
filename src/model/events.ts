/** What happens during a run, told to whoever shows it. */
import type { Finding } from './findings.ts';
import type { ComparisonDesign } from './records.ts';

export type RunEvent =
  | {
      readonly kind: 'started';
      readonly run: string;
      readonly directory: string;
      /** At most; fewer when every question has its answer before. */
      readonly trials: number;
      readonly estimateNs: number;
      /** When measuring ends, answered or not; null when all trials are measured. */
      readonly budgetNs: number | null;
    }
  | { readonly kind: 'deploying'; readonly deployment: number; readonly arms: readonly string[] }
  | { readonly kind: 'verified'; readonly arm: string; readonly workload: string; readonly finding: Finding }
  | {
      readonly kind: 'trial-started';
      readonly id: string;
      readonly number: number;
      readonly of: number;
      readonly workload: string;
      readonly load: string;
      readonly arm: string;
    }
  | {
      readonly kind: 'trial-ended';
      readonly id: string;
      readonly number: number;
      readonly of: number;
      readonly valid: boolean;
      readonly summary: string;
    }
  | ({ readonly kind: 'design-chosen' } & ComparisonDesign)
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** Measuring is over, however it ended. */
  | { readonly kind: 'undoing' }
  | { readonly kind: 'undo-failed'; readonly title: string; readonly reason: string }
  | { readonly kind: 'ended'; readonly status: string };

export type EventSink = (event: RunEvent) => void;
