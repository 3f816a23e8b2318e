/** What arrives from servers, proxies and instruments: bytes of HTTP and gRPC, pages of metrics, other tools' result files. */
import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { decodeHeaders, literal } from '../../src/generators/process/hpack.ts';
import { FRAME, frame, FrameReader, settingsFrame } from '../../src/generators/process/http2-frames.ts';
import { ResponseReader } from '../../src/generators/process/http-response.ts';
import { observerApi, type FlowsResponse, type ObserverClient } from '../../src/collectors/hubble/client.ts';
import { Following } from '../../src/collectors/hubble/following.ts';
import { Tally } from '../../src/collectors/hubble/tally.ts';
import { importers } from '../../src/importers/index.ts';
import { MeshtaxError, reasonOf } from '../../src/model/errors.ts';
import { decode, encoded } from '../../src/model/histogram.ts';
import { formatExposition, parseExposition } from '../../src/model/exposition.ts';
import { ReplyQueue } from '../../src/clusters/generator-session.ts';
import { ROOT } from '../e2e/machine.ts';
import { ManualClock } from '../fakes.ts';
import { PROTOS, recordedFlows } from '../hubble-peer.ts';
import { trialOf } from '../records.ts';
import { mutateBytes, mutateText } from './mutate.ts';
import { must, type Target } from './target.ts';

const text = (value: string) => Uint8Array.from(Buffer.from(value));

export const httpAnswers: Target<Uint8Array> = {
  id: 'HTTP answers',
  seeds: [
    text('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
    text('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    text('HTTP/1.0 404 Not Found\r\nconnection: close\r\n\r\n'),
  ],
  mutate: mutateBytes,
  try: (bytes) => {
    let answers = 0;
    const reader = new ResponseReader(({ status }, length) => {
      answers++;
      must(Number.isInteger(status) && Number.isFinite(length) && length >= 0, `status ${status}, ${length} bytes`);
    });
    for (let at = 0; at < bytes.length; at += 7) if (reader.feed(Buffer.from(bytes.subarray(at, at + 7))) !== undefined) break;
    must(answers <= bytes.length / 12, 'more answers than fit');
  },
};

export const frames: Target<Uint8Array> = {
  id: 'HTTP/2 frames and headers',
  seeds: [
    Uint8Array.from(
      Buffer.concat([settingsFrame([[1, 0]]), frame(FRAME.headers, 4, 1, Buffer.from([0x88, ...literal(31, 'application/grpc')]))]),
    ),
    Uint8Array.from(frame(FRAME.data, 1, 1, Buffer.from([0, 0, 0, 0, 2, 8, 1]))),
  ],
  mutate: mutateBytes,
  try: (bytes) => {
    const reader = new FrameReader((type, _flags, _stream, payload) => {
      if (type !== FRAME.headers) return;
      try {
        decodeHeaders(payload);
      } catch (error) {
        must(isPlain(error), String(error));
      }
    });
    try {
      reader.feed(Buffer.from(bytes));
    } catch (error) {
      must(isPlain(error), String(error));
    }
  },
};

export const histograms: Target<string> = {
  id: 'stored histograms',
  seeds: [encoded([1e5, 2e5, 3e6]).hdr],
  mutate: mutateText,
  try: (hdr) => {
    try {
      const histogram = decode({ count: 3, hdr });
      if (histogram === undefined) return;
      const at = [0, 50, 99, 100].map((percentile) => histogram.getValueAtPercentile(percentile));
      must(
        at.every((value, index) => Number.isFinite(value) && value >= (at[index - 1] ?? 0)),
        `percentiles are ${at.join(', ')}`,
      );
      must(histogram.totalCount > 0 && Number.isSafeInteger(histogram.totalCount), `it has ${histogram.totalCount} values`);
    } catch (error) {
      must(error instanceof MeshtaxError && error.code === 'MT4007', String(error));
    }
  },
};

const fixtures = `${ROOT}/test/fixtures`;
const pages = (readdirSync(fixtures, { recursive: true }) as string[])
  .filter((name) => /cadvisor|metrics|prom/.test(name) && statSync(`${fixtures}/${name}`).isFile())
  .map((name) => readFileSync(`${fixtures}/${name}`, 'utf8').slice(0, 20_000));

export const metricsPages: Target<string> = {
  id: 'pages of metrics',
  seeds: [...pages, '# TYPE a counter\na{b="c\\"d"} 1 1395066363000\n'],
  mutate: mutateText,
  try: (page) => {
    const { samples, unreadable } = parseExposition(page);
    must(samples.length + unreadable <= page.split('\n').length, 'more samples than lines');
    for (const { name, labels, timestampMs } of samples) {
      must(/^[a-zA-Z_:][\w:]*$/.test(name) && page.includes(name), `${name} is no name`);
      must(
        Object.keys(labels).every((label) => page.includes(label)),
        'a label comes from nowhere',
      );
      must(timestampMs === undefined || Number.isFinite(timestampMs), `${timestampMs} is no time`);
    }
    // Written and read again it is the same.
    const again = parseExposition(
      formatExposition(samples.map((sample) => ({ name: sample.name, help: '', type: 'gauge', samples: [sample] }))),
    );
    must(again.unreadable === 0 && JSON.stringify(again.samples) === JSON.stringify(samples), 'it is another page when written');
  },
};

export const resultFiles: Target<string> = {
  id: 'result files of other tools',
  seeds: [
    '{"RunType":"HTTP","StartTime":"2026-01-02T03:04:05Z","RequestedQPS":"100","ActualQPS":99,"ActualDuration":1000000000,"NumThreads":1,"RetCodes":{"200":99},"DurationHistogram":{"Count":99,"Data":[],"Percentiles":[{"Percentile":50,"Value":0.001}]}}',
    'Running 30s test @ http://server/\n  2 threads and 16 connections\n  Latency Distribution\n     50%  250.00us\n     99%  1.20ms\n  1000 requests in 30.00s, 1MB read\nRequests/sec:   33.3\n',
    '{"metrics":{"http_req_duration":{"values":{"med":1.2,"p(95)":3}}}}',
    '{"summary":{"successRate":1,"total":1,"requestsPerSec":10},"latencyPercentiles":{"p50":0.001},"statusCodeDistribution":{"200":10}}',
    '{"count":10,"rps":9,"latencyDistribution":[{"percentage":50,"latency":1000}],"statusCodeDistribution":{"OK":10}}',
    '1735689600000\t200\t512\n1735689600001\t200\t700\n',
  ],
  mutate: mutateText,
  try: (content) => {
    const importer = importers.find((each) => each.recognises(content));
    try {
      for (const [share, ns] of importer?.parse(content).percentiles ?? [])
        must(share > 0 && share < 1 && Number.isFinite(ns) && ns > 0, `${share}: ${ns}`);
    } catch (error) {
      must(
        error instanceof Error && !(error instanceof TypeError) && !reasonOf(error).includes('\n'),
        `${String(error)} is not in plain words`,
      );
    }
  },
};

export const replies: Target<string> = {
  id: 'replies of the generator',
  seeds: [
    '{"kind":"ready"}',
    '{"kind":"connected","id":1,"connections":4}',
    '{"kind":"failed","id":2,"reason":"x"}',
    '{"kind":"clock","id":3,"wallMs":1767323045000}',
    JSON.stringify({ kind: 'load', id: 4, result: trialOf({ block: 0, arm: 'direct', latenciesNs: [1e5, 2e5] }).result }),
  ],
  mutate: mutateText,
  try: async (line) => {
    const queue = new ReplyQueue();
    queue.push(line);
    try {
      const reply = await queue.next(0);
      const numbers = reply.kind === 'load' ? [reply.result.startNs, reply.result.endNs, ...reply.result.arms.map(({ ok }) => ok)] : [];
      must(numbers.every(Number.isFinite), `${numbers.join(', ')}: not all are numbers`);
    } catch (error) {
      must(reasonOf(error).startsWith('it said something unreadable: '), String(error));
    }
  },
};

const { GetFlows: answers } = observerApi(PROTOS).service;
const flowOf = (bytes: Uint8Array) => (answers as NonNullable<typeof answers>).responseDeserialize(Buffer.from(bytes)) as FlowsResponse;

export const flows: Target<Uint8Array> = {
  id: 'flows of Hubble',
  seeds: ['getflows-follow.jsonpb', 'getflows-dropped-policy.jsonpb', 'getflows-l7-http-SYNTHETIC-INPUT.jsonpb'].flatMap((name) =>
    recordedFlows(name)
      .slice(0, 20)
      .map((each) => Uint8Array.from((answers as NonNullable<typeof answers>).responseSerialize(each))),
  ),
  mutate: mutateBytes,
  try: (bytes) => {
    const stream = Object.assign(new EventEmitter(), { cancel: () => {} });
    const tally = new Tally({ address: '', pods: ['bench/'], client: 'bench/', serverAddress: '' });
    const following = new Following({ follow: () => stream } as unknown as ObserverClient, new ManualClock(), (flow) => tally.add(flow));
    following.begin().catch(() => {});
    let message: FlowsResponse;
    try {
      message = flowOf(bytes);
    } catch (error) {
      return must(isPlain(error) || error instanceof RangeError, String(error)); // the stream ends with it
    }
    stream.emit('data', message);
    stream.emit('data', message);
    const { events, denied, translations, connections, http } = tally;
    const counts = [events, denied, tally.drops, translations, connections ?? 0, http.answers];
    must(
      counts.every((count) => Number.isSafeInteger(count) && count >= 0 && count <= 2),
      `two messages count ${counts.join(', ')}`,
    );
    must(Number.isFinite(following.lost) && following.lost >= 0, `lost ${following.lost}`);
    must(http.latency.totalCount <= http.answers, `${http.latency.totalCount} latencies of ${http.answers} answers`);
  },
};

/** Said on purpose: not what an engine says of a bug. */
function isPlain(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error;
}
