/** Who runs as whom, of what runs without rights (docs/security.md). No user of a machine has the first two. */

/** Generators, servers, dialers, meters and what else a run starts. */
export const WORKER_UID = 61_338;
/** Commands that read what strangers may have written. */
export const READER_UID = 61_339;
/** Envoy, as in Istio: its interception rules tell a proxy's own traffic by it. */
export const PROXY_UID = 1337;
