import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import type { Files } from '../model/ports.ts';

/** Far above what anything of ours needs. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Never waits for a writer, never reads without end: pipes, devices and folders are refused, whoever put them there. */
async function readRegular(path: string, mostBytes = MOST_BYTES): Promise<Buffer> {
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error(`${path} is no regular file`);
    if (stat.size > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

export const files: Files = {
  readText: async (path, mostBytes) => (await readRegular(path, mostBytes)).toString('utf8'),
  readBytes: (path) => readRegular(path),
  async readTextIfAny(path) {
    try {
      return (await readRegular(path)).toString('utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async writeText(path, text, options = {}) {
    await fs.writeFile(path, text, { mode: options.mode ?? 0o640, flag: options.exclusive === true ? 'wx' : 'w' });
  },
  async writeAtomically(path, content) {
    const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    const handle = await fs.open(beside, 'wx', 0o640);
    try {
      await handle
        .writeFile(content)
        .then(() => handle.sync())
        .finally(() => handle.close());
      await fs.rename(beside, path);
    } catch (error) {
      await fs.rm(beside, { force: true });
      throw error;
    }
    // A name is as durable as its directory, which may be as new as the file.
    for (const directory of [dirname(path), dirname(dirname(path))]) await syncDirectory(directory);
  },
  async writeInto(path, content) {
    if (await isStream(path)) await fs.writeFile(path, content);
    else await files.writeAtomically(path, content);
  },
  async appendDurably(path, line) {
    // Never through a link: where it leads, root writes.
    const handle = await fs.open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o640);
    try {
      await handle.appendFile(line);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  },
  async list(path) {
    try {
      const entries = await fs.readdir(path, { withFileTypes: true });
      return entries
        .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory(), isLink: entry.isSymbolicLink() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  // Not access(2): that forgets what a process without rights may read by its capability.
  exists: (path) =>
    fs.stat(path).then(
      () => true,
      () => false,
    ),
  async makeDirectory(path, options = {}) {
    const mode = options.mode ?? 0o750;
    // Asked for all folders above too, Node says of a disk that is read-only that there is no such directory.
    await fs.mkdir(path, { recursive: true, mode }).catch(() => fs.mkdir(path, { mode }));
    // Whoever names a mode needs it, whatever the umask is and whoever made the directory before.
    if (options.mode !== undefined) await fs.chmod(path, options.mode);
  },
  removeDirectory: (path) => fs.rmdir(path),
  remove: (path) => fs.rm(path, { recursive: true, force: true }),
  changeOwner: (path, uid, gid) => fs.chown(path, uid, gid),
  changeMode: (path, mode) => fs.chmod(path, mode),
};

/** A terminal, a pipe, /dev/null, or what /dev/stdout stands for: written to, not replaced by a file. Disks are none. */
async function isStream(path: string): Promise<boolean> {
  const stat = await fs.stat(path).catch(() => undefined);
  const folder = await fs.realpath(dirname(path)).catch(() => '');
  return stat !== undefined && (stat.isCharacterDevice() || stat.isFIFO() || /^\/(dev|proc)(\/|$)/.test(folder)) && !stat.isBlockDevice();
}

async function syncDirectory(path: string): Promise<void> {
  // Who may write there need not be allowed to look.
  const handle = await fs.open(path, 'r').catch(() => undefined);
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
