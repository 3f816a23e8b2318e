import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { Deployment } from '../model/contracts/deployment.ts';
import type { HubbleView } from '../model/contracts/hubble.ts';
import { reasonOf } from '../model/errors.ts';
import { encode } from '../model/histogram.ts';
import { observerClient, type Flow, type ServerStatus } from './hubble/client.ts';
import { Following } from './hubble/following.ts';
import { MOST_CONNECTIONS, Tally } from './hubble/tally.ts';

/** So long the last flows of a window are waited for. */
const PATIENCE_MS = 2000;
const POLL_MS = 20;
/** So many times as long as a flow may be held back, the last one is waited for. */
const SETTLED = 3;
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
    const window = new Window(view);
    const following = new Following(client, system.clock, (flow) => {
      if (window.concerns(flow)) tally.add(flow);
    });
    let before: ServerStatus | undefined;
    let failure: string | undefined;
    try {
      await following.begin();
      before = await client.status();
      window.open(system.clock.wallTime().getTime());
    } catch (error) {
      failure = reasonOf(error);
    }
    const alreadyReceived = window.received;
    const leave = () => {
      following.stop();
      client.close();
    };
    let ending: Promise<ServerStatus> | undefined;
    return {
      end: () => {
        window.end(system.clock.wallTime().getTime());
        // Elsewhere it is asked when it is closed: what that costs must not lie in the windows of lighter instruments.
        if (view.settleMs === undefined) return;
        ending = client.status();
        ending.catch(() => {}); // told by close
      },
      abandon: leave,
      async close(): Promise<Reading[]> {
        try {
          if (failure !== undefined || !before) return absent(failure ?? 'no status');
          const after = await (ending ?? client.status());
          const seen = after.seenFlows - before.seenFlows;
          const received = () => window.received - alreadyReceived;
          const patienceMs = PATIENCE_MS + (view.settleMs ?? 0) * SETTLED;
          for (let waitedMs = 0; received() < seen && waitedMs < patienceMs; waitedMs += POLL_MS) await system.clock.sleep(POLL_MS);
          if (following.failure !== undefined) return absent(following.failure);
          if (seen < 0) return absent('the server was restarted');
          const unseen = [...following.unavailable, ...before.unavailableNodes, ...after.unavailableNodes];
          const [blind] = unseen.filter((name) => isOf(deployment, name));
          if (blind !== undefined) return absent(`flows of the node ${blind} were not seen all the time`);
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

/** What a relay cannot reach is in none of its counts. Its names have the cluster's before them. */
function isOf({ nodes }: Pick<Deployment, 'nodes'>, name: string): boolean {
  return nodes === undefined || nodes.some((node) => node.name === (name.split('/').at(-1) ?? name));
}

/** A server that holds flows back to order them tells, at first, of what was before: those are told apart by their time. */
class Window {
  readonly #holdsBack: boolean;
  #fromMs = 0;
  #toMs = Number.POSITIVE_INFINITY;
  received = 0;

  constructor({ settleMs }: HubbleView) {
    this.#holdsBack = settleMs !== undefined;
    if (this.#holdsBack) this.#fromMs = Number.POSITIVE_INFINITY;
  }

  open(atMs: number): void {
    if (this.#holdsBack) this.#fromMs = atMs;
  }

  end(atMs: number): void {
    if (this.#holdsBack) this.#toMs = atMs;
  }

  concerns({ time }: Flow): boolean {
    const atMs = (time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
    if (atMs < this.#fromMs || atMs > this.#toMs) return false;
    this.received++;
    return true;
  }
}

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
    count('flowDrops', tally.drops),
    count('flowTranslations', tally.translations),
    count('flowsLost', lost),
    count('flowsMissing', missing),
    count('flowReconnects', reconnects),
    ...(http.answers > 0 ? [count('flowHttpResponses', http.answers)] : []),
    ...(http.latency.totalCount > 0 ? [{ ...name, metric: 'flowHttpLatency', histogram: encode(http.latency) }] : []),
  ];
}
