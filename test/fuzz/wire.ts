/** What arrives from servers, proxies and instruments: bytes of HTTP and gRPC, pages of metrics, other tools' result files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { decodeHeaders, literal } from '../../src/generators/process/hpack.ts';
import { FRAME, frame, FrameReader, settingsFrame } from '../../src/generators/process/http2-frames.ts';
import { ResponseReader } from '../../src/generators/process/http-response.ts';
import { importers } from '../../src/importers/index.ts';
import { reasonOf } from '../../src/model/errors.ts';
import { decode, encoded } from '../../src/model/histogram.ts';
import { parseExposition } from '../../src/model/exposition.ts';
import { generatorReplySchema } from '../../src/model/contracts/generator.ts';
import { ROOT } from '../e2e/machine.ts';
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
        must(error instanceof Error && !(error instanceof RangeError), String(error));
      }
    });
    try {
      reader.feed(Buffer.from(bytes));
    } catch (error) {
      must(error instanceof Error && !(error instanceof RangeError), String(error));
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
      must(histogram === undefined || Number.isFinite(histogram.getValueAtPercentile(50)), 'no value');
    } catch (error) {
      must(error instanceof Error, String(error));
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
    for (const { value } of parseExposition(page).samples) must(typeof value === 'number', `${value} is no number`);
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
  seeds: ['{"kind":"ready"}', '{"kind":"connected","id":1,"connections":4}', '{"kind":"failed","id":2,"reason":"x"}'],
  mutate: mutateText,
  try: (line) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    generatorReplySchema.safeParse(value);
  },
};
