/** A wall clock that jumps, for a run and all of its processes. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { findEnvoy } from '../../src/clusters/lab/envoy-binary.ts';
import { system } from '../../src/system/index.ts';

/** Says how far the clock is off. */
export const clockFileIn = (scratch: string): string => `${scratch}/clock`;

/** A clock that says the time until its file says how far it is off; looked at once a second, monotonic time left alone. */
export async function clockEnvironment(directory: string): Promise<Record<string, string>> {
  const library = ['x86_64', 'aarch64']
    .map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`)
    .find((file) => existsSync(file));
  if (library === undefined) throw new Error('faults of the clock need libfaketime (package faketime), which `./meshtax test` installs');
  chmodSync(directory, 0o755); // read by processes without rights
  writeFileSync(clockFileIn(directory), '+0');
  // Envoy's allocator and the library wait for each other for ever.
  const envoy = `${directory}/envoy`;
  writeFileSync(envoy, `#!/bin/sh\nunset LD_PRELOAD\nexec '${await findEnvoy(system)}' "$@"\n`, { mode: 0o755 });
  return {
    MESHTAX_ENVOY: envoy,
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFileIn(directory),
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DISABLE_SHM: '1',
  };
}
