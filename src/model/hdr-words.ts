/**
 * A look at an unpacked HDR V2 histogram before it is filled in: the library trusts what the bytes say, and a word may say
 * that 2^48 places are empty. Layout: HdrHistogram's `EncodableHistogram`/`ZigZagEncoding` (LEB128-64b9B, zigzag).
 */

/** Cookie, payload length, normalizing offset, digits, lowest, highest, ratio. */
const HEADER_BYTES = 40;
const LONGEST_WORD = 9;

export interface HdrShape {
  readonly digits: number;
  readonly lowest: number;
  readonly highest: number;
  /** Places of its array. */
  readonly places: number;
}

/** Undefined for one of this shape; otherwise what is wrong with it. */
export function problemOf(data: Uint8Array, shape: HdrShape): string | undefined {
  if (data.length < HEADER_BYTES) return `it has ${data.length} bytes`;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [digits, lowest, highest] = [view.getInt32(12), Number(view.getBigInt64(16)), Number(view.getBigInt64(24))];
  if (digits !== shape.digits || lowest !== shape.lowest || highest !== shape.highest)
    return `it counts ${lowest} to ${highest} with ${digits} digits`;
  const payload = view.getInt32(4);
  if (payload !== data.length - HEADER_BYTES) return `it says that it holds ${payload} bytes, and holds ${data.length - HEADER_BYTES}`;
  const places = placesOf(data.subarray(HEADER_BYTES));
  return places <= shape.places ? undefined : `it is longer than ${shape.places} places`;
}

/** A count takes one place, a word below zero leaves as many empty. Infinite where a word is cut short. */
function placesOf(payload: Uint8Array): number {
  let places = 0;
  let at = 0;
  while (at < payload.length) {
    let word = 0;
    for (let index = 0; ; index++) {
      const byte = payload[at++];
      if (byte === undefined) return Number.POSITIVE_INFINITY;
      // As the library reads it, which takes seven bits of the ninth byte too.
      word += (byte & 0x7f) * 2 ** (7 * index);
      if (index === LONGEST_WORD - 1 || byte < 0x80) break;
    }
    places += word % 2 === 1 ? (word + 1) / 2 : 1;
  }
  return places;
}
