import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeaders, huffmanDecode, literal } from '../../../src/generators/process/hpack.ts';
import { FRAME, frame, FrameReader, settingsFrame } from '../../../src/generators/process/http2-frames.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('HPACK', () => {
  // RFC 7541, C.4.1 and C.6.1: examples with Huffman coding.
  test.each([
    ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
    ['aec3 771a 4b', 'private'],
    ['d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3', 'https://www.example.com'],
  ])('Huffman %s is %s', (coded, text) => {
    expect(huffmanDecode(hex(coded))).toBe(text);
  });

  test('reads :status and grpc-status among others, indexed and literal', () => {
    expect(decodeHeaders(Buffer.from([0x88, ...literal(31, 'application/grpc')]))).toEqual({ status: 200, grpcStatus: undefined });
    expect(decodeHeaders(Buffer.from([0x20, ...literal(8, '418'), ...literal('grpc-status', '13')]))).toEqual({
      status: 418,
      grpcStatus: '13',
    });
    expect(decodeHeaders(Buffer.from([0x8d, 0x40, 0x01, 0x78, 0x01, 0x79]))).toEqual({ status: 404, grpcStatus: undefined });
  });

  test('whatever bytes come: headers or an error, never an endless loop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeHeaders(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

test('frames are cut the same, however the bytes arrive', () => {
  const sent = [
    settingsFrame([[1, 0]]),
    frame(FRAME.headers, 4, 1, Buffer.from('abc')),
    frame(FRAME.data, 1, 1, Buffer.alloc(3000, 'x')),
    frame(FRAME.data, 0, 3),
  ];
  const bytes = Buffer.concat(sent);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 50 }), (sizes) => {
      const read: string[] = [];
      const reader = new FrameReader((type, flags, stream, payload) => void read.push(`${type} ${flags} ${stream} ${payload.length}`));
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] as number;
        reader.feed(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(read).toEqual(['4 0 0 6', '1 4 1 3', '0 1 1 3000', '0 0 3 0']);
    }),
  );
});
