/**
 * Our gRPC messages by hand: 1 byte compression flag and 4 bytes length (gRPC over HTTP/2), then protobuf field 1
 * (bytes payload). workloads/echo.proto is the contract; a contract test holds this against @grpc/grpc-js.
 */
export const ECHO_PATH = '/meshtax.echo.v1.Echo/Unary';
const PREFIX_BYTES = 5;
const PAYLOAD_TAG = 0x0a; // field 1, length-delimited
const FILLER = 0x78;

export function echoMessage(payloadBytes: number): Uint8Array {
  const field = payloadBytes === 0 ? [] : [PAYLOAD_TAG, ...varint(payloadBytes)];
  const message = new Uint8Array(PREFIX_BYTES + field.length + payloadBytes).fill(FILLER);
  new DataView(message.buffer).setUint32(1, field.length + payloadBytes);
  message[0] = 0;
  message.set(field, PREFIX_BYTES);
  return message;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
