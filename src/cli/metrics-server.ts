/** `meshtax run --metrics-port`: how far a run is and what it knows so far, for a Prometheus; and the lab's cAdvisor page. */
import type { ClusterSession } from '../model/contracts/cluster.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import { formatExposition } from '../model/exposition.ts';
import type { System } from '../model/ports.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';
import { runFamilies } from '../report/series.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricsServer {
  readonly noted: (trial: TrialRecord, run: RunRecord, insteadOf?: string) => void;
  readonly opened: (session: ClusterSession) => void;
  readonly close: () => Promise<void>;
}

/** @throws MeshtaxError MT2007 when the port cannot be had. */
export async function metricsServer(
  system: System,
  port: number,
  run: RunRecord,
  before: readonly TrialRecord[],
  planned: number,
): Promise<MetricsServer> {
  const trials = new Map(before.map((trial) => [trial.id, trial]));
  let record = run;
  let session: ClusterSession | undefined;
  // Analysing costs CPU that a run has better use for: once for each state of the run, however often it is asked.
  let page: string | undefined;
  const runPage = () => (page ??= formatExposition(runFamilies(record, [...trials.values()], { planned })));
  const close = await system.http
    .serve(port, async (path) => {
      if (path === '/metrics') return { contentType: CONTENT_TYPE, text: runPage() };
      const cadvisor = path === '/metrics/cadvisor' ? await session?.cadvisorPage?.() : undefined;
      return cadvisor === undefined ? undefined : { contentType: CONTENT_TYPE, text: cadvisor };
    })
    .catch((error: unknown) => {
      throw new MeshtaxError('MT2007', { port, reason: reasonOf(error) }, { cause: error });
    });
  return {
    noted(trial, current, insteadOf) {
      page = undefined;
      if (insteadOf !== undefined) trials.delete(insteadOf);
      trials.set(trial.id, trial);
      record = current;
    },
    opened: (open) => {
      session = open;
    },
    close,
  };
}
