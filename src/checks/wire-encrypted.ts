import type { VerifyCheck } from '../model/contracts/check.ts';
import { readingOf, valueOf } from '../model/contracts/collector.ts';

/** What leaves the node is what the datapath says of itself: unreadable where it encrypts, in clear text where not. */
export const wireEncrypted: VerifyCheck = {
  stage: 'verify',
  code: 'MT0203',
  title: 'the wire between the nodes',
  judge({ flows, encryption, requests }) {
    const found = readingOf(flows, 'wirePackets');
    if (!found) return { level: 'not-applicable', detail: 'nobody looks at the wire here', why: '', fix: '' };
    const [packets, readable] = [valueOf(flows, 'wirePackets'), valueOf(flows, 'wireReadable') ?? 0];
    if (packets === undefined)
      return {
        level: encryption === 'none' ? 'ok' : 'warning',
        detail: `not looked at: ${'notMeasured' in found ? found.notMeasured : ''}`,
        why: encryption === 'none' ? '' : 'that it is encrypted rests on the word of the mesh alone',
        fix: encryption === 'none' ? '' : 'tcpdump on the nodes',
      };
    const evidence = { packets, readable };
    const detail = `${readable} of ${packets} packets hold a request or an answer in clear text`;
    if (encryption !== 'none' && readable > 0)
      return {
        level: 'error',
        detail,
        why: `it says ${encryption}, and its requests can be read`,
        fix: 'look at the mesh’s own settings',
        evidence,
      };
    if (packets === 0 || (encryption === 'none' && readable === 0))
      return { level: 'warning', detail, why: 'the traffic leaves the node by a way that is not looked at', fix: '', evidence };
    if (packets < requests)
      return {
        level: 'warning',
        detail,
        why: `${requests} requests need more: some left by a way that is not looked at`,
        fix: '',
        evidence,
      };
    return { level: 'ok', detail, why: '', fix: '', evidence };
  },
};
