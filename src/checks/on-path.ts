import { fulfils, type PathEvidence, type VerifyCheck } from '../model/contracts/check.ts';
import type { PathExpectation } from '../model/contracts/deployment.ts';

/** The traffic was really on this datapath and on no other: all was answered, and counters moved by exactly what was sent. */
export const onPath: VerifyCheck = {
  stage: 'verify',
  code: 'MT0201',
  title: 'traffic on its datapath',
  judge(evidence) {
    const unanswered = evidence.errors > 0 ? [`${evidence.errors} of ${evidence.requests} requests got no good answer`] : [];
    const problems = [
      ...unanswered,
      ...evidence.expectations.flatMap((expectation) => mismatch(evidence, expectation)),
      ...strays(evidence),
    ];
    if (problems.length === 0) {
      return {
        level: 'ok',
        detail: `${evidence.requests} requests, ${evidence.connections} connections: ${countersOf(evidence)}`,
        why: '',
        fix: '',
        evidence: { ...evidence.moved },
      };
    }
    return {
      level: 'error',
      detail: problems.join('; '),
      why: 'figures of another path would be reported under this name',
      fix: 'look at the logs of the deployment in the run directory; nothing of this block is used',
      evidence: { ...evidence.moved },
    };
  },
};

function mismatch(evidence: PathEvidence, expectation: PathExpectation): string[] {
  if (fulfils(expectation, evidence)) return [];
  const { counter, equals, meaning } = expectation;
  const expected = {
    requests: evidence.requests,
    connections: evidence.connections,
    zero: 0,
    'at-least-requests': `${evidence.requests} or more`,
  }[equals];
  return [`${counter} (${meaning}) is ${evidence.moved[counter] ?? 'missing'}, expected ${expected}`];
}

function strays(evidence: PathEvidence): string[] {
  return Object.entries(evidence.others)
    .filter(([, moved]) => moved !== 0)
    .map(([counter, moved]) => `${counter} moved by ${moved} although it is another datapath's`);
}

function countersOf(evidence: PathEvidence): string {
  return evidence.expectations.map(({ counter }) => `${counter} ${evidence.moved[counter] ?? 0}`).join(', ') || 'nothing to count';
}
