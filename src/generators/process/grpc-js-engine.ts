/** Unary gRPC with the reference client @grpc/grpc-js, which opens its own connections: the process is in the pod. */
import * as grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import type { ArmTarget } from '../../model/contracts/generator.ts';
import type { ArmClient, Engine, OnDone } from './arm-client.ts';
import { monotonicNs } from './monotonic.ts';

/** workloads/echo.proto, as protobuf.js writes it: in a bundle there is no file beside this one. */
const PAYLOAD = { fields: { payload: { type: 'bytes', id: 1 } } };
const ECHO = {
  nested: {
    Echo: { methods: { Unary: { requestType: 'EchoRequest', responseType: 'EchoReply' } } },
    EchoRequest: PAYLOAD,
    EchoReply: PAYLOAD,
  },
};
const PROTO = { nested: { meshtax: { nested: { echo: { nested: { v1: ECHO } } } } } };
const MAX_CALLS = 100;

type UnaryClient = grpc.Client & {
  Unary(
    request: { payload: Buffer },
    callback: (error: grpc.ServiceError | null, reply?: { payload: Buffer }) => void,
  ): grpc.ClientUnaryCall;
};

export const grpcJsEngine: Engine = {
  async open(target) {
    const pool = new GrpcJsPool(target);
    await pool.ready();
    return pool;
  },
};

class GrpcJsPool implements ArmClient {
  onDone: OnDone = () => {};
  onFree: () => void = () => {};
  readonly #clients: UnaryClient[];
  readonly #calls = new Map<grpc.ClientUnaryCall, number>();
  readonly #payload: Buffer;
  readonly #replyBytes: number;
  #next = 0;

  constructor(target: ArmTarget) {
    this.#payload = Buffer.alloc(target.requestBytes, 'x');
    this.#replyBytes = target.responseBytes;
    const Service = echoService();
    // One connection a client: the global pool would fold them into one.
    this.#clients = Array.from(
      { length: target.connections },
      () =>
        new Service(`${target.dial.host}:${target.dial.port}`, grpc.credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.enable_http_proxy': 0,
        }) as unknown as UnaryClient,
    );
  }

  async ready(): Promise<void> {
    await Promise.all(
      this.#clients.map(
        (client) =>
          new Promise<void>((resolve, reject) => client.waitForReady(Date.now() + 5000, (error) => (error ? reject(error) : resolve()))),
      ),
    );
  }

  trySend(enqueueNs: number): boolean {
    if (this.#calls.size >= MAX_CALLS * this.#clients.length) return false;
    const client = this.#clients[this.#next++ % this.#clients.length] as UnaryClient;
    const call = client.Unary({ payload: this.#payload }, (error, reply) => {
      if (!this.#calls.delete(call)) return;
      const failure = error ? `grpc-status ${error.code}` : reply?.payload.length === this.#replyBytes ? undefined : 'wrong reply length';
      this.onDone(enqueueNs, monotonicNs(), failure);
      this.onFree();
    });
    this.#calls.set(call, enqueueNs);
    return true;
  }

  inFlight(): number {
    return this.#calls.size;
  }

  /** grpc-js reconnects on its own and does not say how often. */
  opened(): number {
    return this.#clients.length;
  }

  abandon(failure: string): void {
    for (const [call, enqueueNs] of [...this.#calls]) {
      this.#calls.delete(call);
      call.cancel();
      this.onDone(enqueueNs, monotonicNs(), failure);
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

function echoService(): grpc.ServiceClientConstructor {
  const loaded = grpc.loadPackageDefinition(protoLoader.fromJSON(PROTO as never, { keepCase: true })) as unknown as {
    meshtax: { echo: { v1: { Echo: grpc.ServiceClientConstructor } } };
  };
  return loaded.meshtax.echo.v1.Echo;
}
