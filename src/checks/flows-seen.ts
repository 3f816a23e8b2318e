import type { VerifyCheck } from '../model/contracts/check.ts';
import { valueOf } from '../model/contracts/collector.ts';

/** Whoever observes the datapath saw the requests of the proof: as HTTP where somebody looks into them, else not. */
export const flowsSeen: VerifyCheck = {
  stage: 'verify',
  code: 'MT0202',
  title: 'flows as observed',
  judge({ flows, requests, connections, l7Passes }) {
    if (!flows.some(({ collector }) => collector === 'hubble'))
      return { level: 'not-applicable', detail: 'nobody observes flows here', why: '', fix: '' };
    const count = (metric: string) => valueOf(flows, metric);
    const [events, begun, answers = 0] = [count('flowEvents'), count('flowConnections'), count('flowHttpResponses')];
    const reason = flows.find((each) => each.collector === 'hubble' && 'notMeasured' in each);
    if (events === undefined)
      return {
        level: 'warning',
        detail: `they could not be read: ${reason && 'notMeasured' in reason ? reason.notMeasured : ''}`,
        why: 'the path rests on its counters alone',
        fix: '',
      };
    const evidence = { events, connections: begun ?? -1, httpResponses: answers };
    const detail = `${events} events, ${begun ?? 'uncounted'} of ${connections} new connections, ${answers} HTTP answers of ${requests} requests`;
    const wrong = (why: string) => ({
      level: 'error' as const,
      detail,
      why,
      fix: 'look at the policies of the arm’s namespace and at the observer’s status',
      evidence,
    });
    if (events === 0 && connections > 0) return wrong('nothing of the proof passed where Hubble looks');
    if (l7Passes > 0 && answers === 0) return wrong('a proxy should look into each request, and none was told of');
    if (l7Passes === 0 && answers > 0) return wrong('a proxy looks into requests although the datapath has none');
    return { level: 'ok', detail, why: '', fix: '', evidence };
  },
};
