/** Where flows of a deployment are read: the lab's observer, or Hubble Relay. */
export interface HubbleView {
  /** A gRPC target: `unix:/path`, `host:port`. */
  readonly address: string;
  /** Absent: plaintext. With a key and certificate of our own: mutual. */
  readonly tls?:
    | { readonly authority: string; readonly certificate?: string; readonly key?: string; readonly serverName?: string }
    | undefined;
  /** How long it may hold flows back to bring those of several nodes into order. */
  readonly settleMs?: number;
  /** The pods whose flows count, as `namespace/name prefix`. */
  readonly pods: readonly string[];
  /** The client's pod, to tell directions. */
  readonly client: string;
  /** The server pod's own. */
  readonly serverAddress: string;
}
