/** The Hubble collector against peers that speak TLS, and against peers that misbehave. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import grpc from '@grpc/grpc-js';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { observed, pause, peer, recordedFlows, value, type Peer } from '../hubble-peer.ts';

const peers: Peer[] = [];
afterEach(() => {
  for (const each of peers.splice(0)) each.close();
});

describe('transport', () => {
  const files = mkdtempSync(`${tmpdir()}/mt-tls-`);
  afterAll(() => rmSync(files, { recursive: true, force: true }));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: files, stdio: 'ignore' });
  const read = (name: string) => readFileSync(`${files}/${name}`, 'utf8');
  const issue = (name: string) => {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}.hubble.test`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-copy_extensions',
      'copy',
      '-out',
      `${name}.pem`,
    );
  };
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '1',
    '-subj',
    '/CN=ca',
  );
  issue('relay');
  issue('meshtax');

  async function overTls(demandsCertificate: boolean, own: { certificate?: string; key?: string }): Promise<unknown> {
    const pair = { private_key: Buffer.from(read('relay.key')), cert_chain: Buffer.from(read('relay.pem')) };
    const credentials = grpc.ServerCredentials.createSsl(Buffer.from(read('ca.pem')), [pair], demandsCertificate);
    const made = await peer(
      { getFlows: (call) => call.sendMetadata(new grpc.Metadata()), status: () => ({ seen_flows: '0' }) },
      credentials,
    );
    peers.push(made);
    const tls = { authority: read('ca.pem'), serverName: 'relay.hubble.test', ...own };
    return value((await observed(made.address, () => {}, ['bench/'], tls))('flowEvents'));
  }

  test('server TLS, and mutual TLS with a certificate of our own; without one a server that demands it is told of', async () => {
    expect(await overTls(false, {})).toBe(0);
    expect(await overTls(true, { certificate: read('meshtax.pem'), key: read('meshtax.key') })).toBe(0);
    expect(await overTls(true, {})).toMatchObject({ notMeasured: expect.any(String) });
  });
});

describe('peers that misbehave end in a reason', () => {
  const status = () => ({ seen_flows: '0' });
  const reason = async (behaviour: Parameters<typeof peer>[0], during: () => Promise<void> = () => pause(150)) => {
    const made = await peer(behaviour);
    peers.push(made);
    const of = await observed(made.address, during);
    const reading = of('flowEvents');
    return reading && 'notMeasured' in reading ? reading.notMeasured : value(reading);
  };

  test('nobody there', async () => {
    const of = await observed('unix:/nonexistent/hubble.sock', () => {});
    expect(of('flowEvents')).toMatchObject({ notMeasured: expect.stringMatching(/UNAVAILABLE|14/) });
  });

  test('a status that fails; a server that was restarted meanwhile', async () => {
    const taking = (call: grpc.ServerWritableStream<object, unknown>) => call.sendMetadata(new grpc.Metadata());
    expect(
      await reason({
        getFlows: taking,
        status: () => {
          throw new Error('broken');
        },
      }),
    ).toMatch(/broken/);
    let seen = 100;
    expect(await reason({ getFlows: taking, status: () => ({ seen_flows: String((seen -= 50)) }) })).toBe('the server was restarted');
  });

  test('a message too large to be a flow', async () => {
    const giant = (call: grpc.ServerWritableStream<object, unknown>) => call.write({ flow: { Summary: 'x'.repeat(3 * 1024 * 1024) } });
    expect(await reason({ getFlows: giant, status }, () => pause(50))).toMatch(/max|RESOURCE_EXHAUSTED/i);
  });

  test('a stream that ends every 100 ms: what came is counted once, the breaks are told', async () => {
    const flows = recordedFlows('getflows-dropped-policy.jsonpb').slice(0, 20);
    let at = 0;
    const made = await peer({
      getFlows: (call) => {
        call.sendMetadata(new grpc.Metadata());
        // After a break the last flow comes again, as `since` has it.
        for (const flow of flows.slice(Math.max(0, at - 1), at + 5)) call.write(flow);
        at += 5;
        setTimeout(() => call.end(), 100);
      },
      status: () => ({ seen_flows: String(Math.min(20, at)) }),
    });
    peers.push(made);
    const of = await observed(made.address, () => pause(1500), ['bench/', '/']);
    expect(value(of('flowEvents'))).toBe(20);
    expect(value(of('flowReconnects'))).toBeGreaterThanOrEqual(3);
  });

  test('an endless stream, faster than anybody reads: it is followed and left', async () => {
    const [first] = recordedFlows('getflows-dropped-policy.jsonpb').slice(5) as { flow: object }[];
    const numbered = (n: number) => ({ ...first, flow: { ...first?.flow, time: { seconds: '1700000000', nanos: n }, uuid: `u${n}` } });
    let sent = 0;
    const made = await peer({
      getFlows: (call) => {
        const pump = () => {
          while (!call.cancelled && call.write(numbered(sent))) sent++;
          if (!call.cancelled) call.once('drain', pump);
        };
        pump();
      },
      status: () => ({ seen_flows: String(sent) }),
    });
    peers.push(made);
    const of = await observed(made.address, () => pause(300), ['/', 'bench/']);
    expect(value(of('flowEvents'))).toBeGreaterThan(100);
  });
});
