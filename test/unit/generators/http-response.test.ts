import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResponseReader } from '../../../src/generators/process/http-response.ts';

interface Seen {
  readonly status: number;
  readonly keepAlive: boolean;
  readonly bytes: number;
}

function read(chunks: readonly Buffer[]): { seen: Seen[]; wrong: string | undefined } {
  const seen: Seen[] = [];
  const reader = new ResponseReader((head, bytes) => seen.push({ ...head, bytes }));
  for (const chunk of chunks) {
    const wrong = reader.feed(chunk);
    if (wrong !== undefined) return { seen, wrong };
  }
  return { seen, wrong: undefined };
}

const plain = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (parts: readonly string[]) =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;

/** Cuts text into pieces at the given places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const points = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...points].map((start, index) => bytes.subarray(start, points[index] ?? bytes.length)).filter((piece) => piece.length > 0);
}

describe('ResponseReader', () => {
  test('reads any sequence of responses, however the bytes are cut', () => {
    const body = fc.string({ unit: 'binary-ascii', maxLength: 40 });
    const response = fc.oneof(
      body.map((text) => ({ text: plain(text), bytes: text.length })),
      fc
        .array(
          body.filter((text) => text !== ''),
          { maxLength: 4 },
        )
        .map((parts) => ({ text: chunked(parts), bytes: parts.join('').length })),
    );
    fc.assert(
      fc.property(fc.array(response, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(2000), { maxLength: 12 }), (responses, places) => {
        const { seen, wrong } = read(cut(responses.map(({ text }) => text).join(''), places));
        expect(wrong).toBeUndefined();
        expect(seen.map(({ bytes }) => bytes)).toEqual(responses.map(({ bytes }) => bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('never throws and never hangs on bytes that are no HTTP', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        read(chunks.map((chunk) => Buffer.from(chunk)));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['garbage', 'SSH-2.0-OpenSSH\r\n\r\n', 'not HTTP/1.x'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nbody', 'no length'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n', 'no length'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'bad chunk'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`, 'endless head'],
  ])('%s is an error', (_title, text, expected) => expect(read([Buffer.from(text)]).wrong).toBe(expected));

  test('knows when the connection will be closed, and skips informational answers', () => {
    expect(
      read([Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')]).seen,
    ).toEqual([{ status: 503, keepAlive: false, bytes: 0 }]);
    expect(read([Buffer.from('HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n')]).seen[0]?.keepAlive).toBe(false);
  });
});
