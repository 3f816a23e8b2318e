import { describe, expect, test } from 'vitest';
import { wireEncrypted } from '../../../src/checks/wire-encrypted.ts';
import type { PathEvidence } from '../../../src/model/contracts/check.ts';
import type { Reading } from '../../../src/model/contracts/collector.ts';

const count = (metric: string, value: number): Reading => ({
  collector: 'wire',
  metric,
  component: 'wire',
  unit: 'count',
  kind: 'counter',
  value,
});
const seen = (packets: number, readable: number) => [count('wirePackets', packets), count('wireReadable', readable)];
const unseen: Reading[] = [{ collector: 'wire', metric: 'wirePackets', component: 'wire', notMeasured: 'the node has no tcpdump' }];
const judge = (encryption: PathEvidence['encryption'], flows: readonly Reading[]) =>
  wireEncrypted.judge({
    arm: 'a',
    requests: 100,
    connections: 8,
    errors: 0,
    moved: {},
    expectations: [],
    others: {},
    l7Passes: 0,
    encryption,
    flows,
  });

describe('the wire between the nodes', () => {
  test.each([
    ['encrypted, as it says', 'mtls', seen(412, 0), 'ok'],
    ['in clear text, as it says', 'none', seen(412, 200), 'ok'],
    ['it says that it encrypts, and does not', 'wireguard', seen(412, 1), 'error'],
    ['fewer packets than requests', 'mtls', seen(40, 0), 'warning'],
    ['nothing passes where one looks', 'mtls', seen(0, 0), 'warning'],
    ['it says that it does not encrypt, and nothing can be read', 'none', seen(412, 0), 'warning'],
    ['nobody could look at what should be encrypted', 'ipsec', unseen, 'warning'],
    ['nobody could look, and nothing was claimed', 'none', unseen, 'ok'],
    ['nobody looks', 'mtls', [], 'not-applicable'],
  ] as const)('%s', (_title, encryption, flows, level) => expect(judge(encryption, flows).level).toBe(level));
});
