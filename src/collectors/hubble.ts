import type { Collector, Reading } from '../model/contracts/collector.ts';
import { reasonOf } from '../model/errors.ts';
import { encode } from '../model/histogram.ts';
import { observerClient, type ServerStatus } from './hubble/client.ts';
import { Following } from './hubble/following.ts';
import { MOST_CONNECTIONS, Tally } from './hubble/tally.ts';

/** So long the last flows of a window are waited for. */
const PATIENCE_MS = 2000;
const POLL_MS = 20;
const METRICS = ['flowEvents', 'flowConnections', 'flowDenied', 'flowDrops', 'flowTranslations'] as const;

/** Flows as Hubble tells them. */
export const hubble: Collector = {
  id: 'hubble',
  title: 'flows as Hubble tells them',
  includes:
    'flow events of the pods, connections begun, denied packets (policy verdict and drop are one), other drops, socket translations; HTTP answers with the latency the proxy saw, where one looks into them',
  leavesOut:
    'packets that aggregation tells no event of: events are not requests. When events were lost every count is a lower bound; the latency is that between two records of one proxy, not the client’s',
  weight: 'heavy',
  observesFlows: true,
  sees: 'arm',
  during: 'latency',
  absent: ({ hubble: view }) => (view ? undefined : 'nobody observes flows here'),
  async open({ deployment, system }) {
    const view = deployment.hubble;
    if (!view) throw new Error('asked to be opened where it is absent');
    const client = observerClient(view, `${system.host.projectRoot}/clusters/hubble`);
    const tally = new Tally(view);
    // What a server that settles tells first is of before.
    let counting = view.settleMs === undefined;
    const following = new Following(client, system.clock, (flow) => (counting ? tally.add(flow) : undefined));
    let before: ServerStatus | undefined;
    let failure: string | undefined;
    try {
      await following.begin();
      if (view.settleMs !== undefined) await system.clock.sleep(view.settleMs);
      before = await client.status();
      counting = true;
    } catch (error) {
      failure = reasonOf(error);
    }
    const alreadyReceived = following.received;
    const leave = () => {
      following.stop();
      client.close();
    };
    return {
      abandon: leave,
      async close(): Promise<Reading[]> {
        try {
          if (failure !== undefined || !before) return absent(failure ?? 'no status');
          const after = await client.status();
          if (view.settleMs !== undefined) await system.clock.sleep(view.settleMs);
          const seen = after.seenFlows - before.seenFlows;
          const received = () => following.received - alreadyReceived;
          for (let waitedMs = 0; received() < seen && waitedMs < PATIENCE_MS; waitedMs += POLL_MS) await system.clock.sleep(POLL_MS);
          if (following.failure !== undefined) return absent(following.failure);
          if (seen < 0) return absent('the server was restarted');
          return readingsOf(tally, { lost: following.lost, missing: Math.max(0, seen - received()), reconnects: following.reconnects });
        } catch (error) {
          return absent(reasonOf(error));
        } finally {
          leave();
        }
      },
    };
  },
};

function absent(reason: string): Reading[] {
  return METRICS.map((metric) => ({ collector: 'hubble', metric, component: 'flows', notMeasured: reason }));
}

interface Completeness {
  /** Events that the server said were lost on the way to it or in its ring. */
  readonly lost: number;
  /** Flows that the server saw and that never came. */
  readonly missing: number;
  readonly reconnects: number;
}

function readingsOf(tally: Tally, { lost, missing, reconnects }: Completeness): Reading[] {
  const name = { collector: 'hubble', component: 'flows' } as const;
  const count = (metric: string, value: number): Reading => ({ ...name, metric, unit: 'count', kind: 'counter', value });
  const { connections, http } = tally;
  return [
    count('flowEvents', tally.events),
    connections === undefined
      ? { ...name, metric: 'flowConnections', notMeasured: `more than ${MOST_CONNECTIONS}` }
      : count('flowConnections', connections),
    count('flowDenied', tally.denied),
    count(
      'flowDrops',
      [...tally.drops.values()].reduce((sum, each) => sum + each, 0),
    ),
    count('flowTranslations', tally.translations),
    count('flowsLost', lost),
    count('flowsMissing', missing),
    count('flowReconnects', reconnects),
    ...(http.answers > 0 ? [count('flowHttpResponses', http.answers)] : []),
    ...(http.latency.totalCount > 0 ? [{ ...name, metric: 'flowHttpLatency', histogram: encode(http.latency) }] : []),
  ];
}
