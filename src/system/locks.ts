/** Locks that end with their holder: a name in the kernel's space of abstract sockets (unix(7)), which no crash can leave behind. */
import net from 'node:net';
import type { Locks } from '../model/ports.ts';

export const locks: Locks = { take };

function take(name: string): Promise<(() => Promise<void>) | undefined> {
  // Other systems have no abstract sockets; nothing is measured there.
  if (process.platform !== 'linux') return Promise.resolve(async () => {});
  return new Promise((resolve, reject) => {
    const holder = net.createServer((socket) => socket.destroy());
    holder.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    holder.listen(`\0meshtax/${name}`, () => {
      holder.unref();
      resolve(() => new Promise((done) => holder.close(() => done())));
    });
  });
}
