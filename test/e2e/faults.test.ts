/** Things that go wrong on the real machine: each ends with its code, nothing leaked. */
import { readdirSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { ebpfLab } from '../../src/datapaths/ebpf-lab.ts';
import { direct } from '../../src/datapaths/direct.ts';
import { faultCampaign, faults, type FaultRecord } from '../faults/campaign.ts';
import { deniedPackets, dial, httpServer, inLab } from './in-lab.ts';
import { cleanSpace } from './clean-space.ts';
import { meshtax, SHORT } from './machine.ts';

const space = cleanSpace();

describe('a run', () => {
  test('with an Envoy that does not start: MT3001', async () => {
    const file = await space.write('e.yaml', SHORT);
    const result = await meshtax(['run', file, '--results', space.results, '--progress', 'quiet'], {
      env: { MESHTAX_ENVOY: '/bin/false' },
    });
    expect(result.exitCode).toBe(3);
    expect(result.stderr).toMatch(/^MT3001 (client|server)-proxy of envoy-sidecar did not start: it ended with exit code 1/m);
    expect(result.stderr).not.toContain('at ');
  });

  test('with a rate far above what the machine can send: MT3003, trials kept', async () => {
    const file = await space.write(
      'e.yaml',
      'name: fast\ndatapaths: [direct]\nworkloads: [grpc-unary]\nloads: [{ loop: open, rate: 150k/s, duration: 500ms, warmup: 0s, connections: 4 }]\nstatistics: { blocks: 2, stop: fixed, cpu: false }\n',
    );
    const result = await meshtax(['run', file, '--results', space.results, '--progress', 'quiet']);
    expect(result.stderr).toMatch(/^MT3003 The generator cannot send 150000\/s to direct: it reached \d+\/s/m);
    expect(result.exitCode).toBe(4);
    const [run = ''] = readdirSync(`${space.results}/fast`);
    expect(readdirSync(`${space.results}/fast/${run}/trials`).filter((name) => !name.includes('-again'))).toHaveLength(1);
  });
});

describe('of the campaign', () => {
  test.each(['HTTP server: half-close', 'cAdvisor answers half of a page', 'a disk of 72 KiB is full', 'a CPU hog next to us'])(
    '%s: coded, undone, told, no plausible number',
    async (id) => {
      const fault = faults.find((each) => each.id === id);
      if (!fault) throw new Error(`no fault ${id}`);
      const records: FaultRecord[] = [];
      await faultCampaign([fault], 1, (record) => void records.push(record));
      expect(records).toMatchObject([{ leaked: [], lost: [], wrong: [] }]);
      expect(records[0]?.outcome).not.toBe('not tried');
    },
  );
});

describe('in the lab', () => {
  test('a port that is taken: MT3004', async () => {
    await inLab(space.directory, async (session, undo) => {
      const twice = [httpServer(8080), httpServer(8080, 'other')];
      await expect(session.deploy(direct, direct.schema.parse({ id: 'direct' }), twice, undo.push)).rejects.toMatchObject({
        code: 'MT3004',
      });
    });
  });

  test('policy is enforced: a port that is not allowed is dropped and counted, an allowed one answers', async () => {
    await inLab(space.directory, async (session, undo) => {
      const deployment = await session.deploy(
        ebpfLab,
        ebpfLab.schema.parse({ id: 'ebpf-lab' }),
        [httpServer(8080), { ...httpServer(8081, 'second'), servicePort: 81 }],
        undo.push,
      );
      expect(await dial(deployment, 8080)).toBe(0);
      expect(await dial(deployment, 9999)).toBe(124);
      expect(await deniedPackets(deployment)).toBeGreaterThanOrEqual(1);
    });
  });

  test('nothing is made in the host namespace', async () => {
    const links = async () => (await execa('ip', ['-o', 'link'])).stdout.replaceAll(/\d+: /g, '');
    const rules = async () => (await execa('iptables-save', { reject: false })).stdout.replaceAll(/\[\d+:\d+\]|^#.*$/gm, '');
    const [linksBefore, rulesBefore] = [await links(), await rules()];
    await inLab(space.directory, async (session, undo) => {
      await session.deploy(ebpfLab, ebpfLab.schema.parse({ id: 'ebpf-lab' }), [httpServer(8080)], undo.push);
      expect(await links()).toBe(linksBefore);
      expect(await rules()).toBe(rulesBefore);
    });
  });
});

test('doctor finds nothing that forbids a run here', async () => {
  const { stdout, exitCode } = await meshtax(['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { level: string; title: string; detail: string }[] };
  expect(findings.filter((finding) => finding.level === 'error')).toEqual([]);
  expect(findings.length).toBeGreaterThan(10);
  expect(exitCode).toBe(0);
});
