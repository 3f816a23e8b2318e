import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encoded } from '../../../src/model/histogram.ts';

/** An HDR V2 histogram around any payload, as its own writer would pack it. */
function packed(payload: readonly number[], header: { length?: number; digits?: number; highest?: number } = {}): string {
  const body = Buffer.alloc(40 + payload.length);
  body.writeInt32BE(0x1c849313, 0);
  body.writeInt32BE(header.length ?? payload.length, 4);
  body.writeInt32BE(header.digits ?? 3, 12);
  body.writeBigInt64BE(1n, 16);
  body.writeBigInt64BE(BigInt(header.highest ?? 60e9), 24);
  Buffer.from(payload).copy(body, 40);
  return wrapped(body);
}

function wrapped(body: Buffer): string {
  const content = deflateSync(body);
  const head = Buffer.alloc(8);
  head.writeInt32BE(0x1c849314, 0);
  head.writeInt32BE(content.length, 4);
  return Buffer.concat([head, content]).toString('base64');
}

const read = (hdr: string) => decode({ count: 1, hdr });
const refused = (hdr: string) => expect(() => read(hdr)).toThrow(expect.objectContaining({ code: 'MT4007' }) as Error);

describe('a histogram', () => {
  test('comes back as it went', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000_000_000 }), { minLength: 1 }), (values) => {
        const histogram = decode(encoded(values));
        expect(histogram?.totalCount).toBe(values.length);
        expect((histogram?.maxValue ?? 0) / Math.max(...values)).toBeCloseTo(1, 2);
      }),
    );
  });

  test('packed by hand is one too', () => {
    expect(read(packed([0x00, 0x06]))?.totalCount).toBe(3);
  });
});

describe('a bomb is refused before it is filled in', () => {
  const zeros = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
  test('a word that leaves 2^48 places empty', () => refused(packed([...zeros, 0x06])));
  test('the same in more bytes', () => refused(packed([...Array.from({ length: 7 }, () => 0xff), 0x80, 0x80, 0x06])));
  test('many small words that lead as far', () => refused(packed(Array.from({ length: 30_000 }, () => 0x02))));
  test('a payload that is shorter than it says', () => refused(packed([0x06], { length: 2_000_000_000 })));
  test('a payload of a negative length', () => refused(packed([0x06], { length: -1 })));
  test('a word that is cut short', () => refused(packed([0xff])));
  test('another number of digits', () => refused(packed([0x06], { digits: 5 })));
  test('another highest value', () => refused(packed([0x06], { highest: 2 ** 52 })));
  test('no header', () => refused(wrapped(Buffer.alloc(8))));
  test('a megabyte of nothing', () => refused(packed(Array.from({ length: 2 ** 20 }, () => 0))));

  test('any change of what is packed is refused, or changes counts alone', () => {
    const good = inflateSync(Buffer.from(encoded([1000, 2000, 3_000_000]).hdr, 'base64').subarray(8));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        try {
          expect(read(wrapped(changed))?.maxValue ?? 0).toBeLessThanOrEqual(70e9);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MT4007' });
        }
      }),
    );
  });
});
