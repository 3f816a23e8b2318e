/** The real outside world, assembled once by main.ts. */
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { System } from '../model/ports.ts';
import { filesApart, isApart } from './apart.ts';
import { clock } from './clock.ts';
import { files } from './files.ts';
import { localHttp } from './local-http.ts';
import { locks } from './locks.ts';
import { processes } from './processes.ts';

const ID_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32 letters, none mistaken for another

export const system: System = {
  clock,
  processes,
  files: isApart() ? filesApart() : files,
  http: localHttp,
  locks,
  randomId: (length) => Array.from(randomBytes(length), (byte) => ID_ALPHABET[byte & 31]).join(''),
  env: process.env,
  host: {
    platform: process.platform,
    architecture: process.arch,
    uid: process.getuid?.() ?? -1,
    pid: process.pid,
    cpuCount: os.availableParallelism(),
    nodeBinary: process.execPath,
    nodeVersion: process.version,
    projectRoot: fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, ''),
  },
};
