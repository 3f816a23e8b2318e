/** Looks at what leaves the node towards another, with the node's own tcpdump, for as long as a path is proven. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { isIP } from 'node:net';
import { deviceOf, filterOf, PacketCount, type WireEnds } from './capture.ts';

const MOST_PACKETS = 50_000;
const MOST_MS = 60_000;
const START_MS = 5000;
/** What is on its way through the kernel when the proof ends. */
const LINGER_MS = 200;

export interface Watch {
  end(): Promise<{ readonly packets: number; readonly readable: number }>;
}

/** `proc`: the host's. @throws Error with the reason when it cannot look. */
export async function watchWire(ends: WireEnds, proc: string): Promise<Watch> {
  if ([...ends.pods, ...ends.nodes].some((address) => isIP(address) === 0)) throw new Error('asked for something that is no address');
  const onHost = [`--mount=${proc}/1/ns/mnt`, `--net=${proc}/1/ns/net`];
  const route = spawnSync('nsenter', [...onHost, 'ip', '-o', 'route', 'get', ends.nodes[1]], { encoding: 'utf8', timeout: START_MS });
  const device = deviceOf(route.stdout ?? '');
  if (device === undefined) throw new Error('no route to the other node was found');
  const options = ['-i', device, '-nn', '-s', '0', '-U', '--immediate-mode', '-c', String(MOST_PACKETS), '-w', '-'];
  const child = spawn('nsenter', [...onHost, 'tcpdump', ...options, filterOf(ends)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const count = new PacketCount(ends.pods);
  let failure: string | undefined;
  child.stdout.on('data', (bytes: Buffer) => {
    try {
      count.push(bytes);
    } catch (error) {
      failure ??= String(error);
    }
  });
  const stop = () => child.kill('SIGKILL');
  const timer = setTimeout(stop, MOST_MS);
  process.once('exit', stop);
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      isOver = true;
      clearTimeout(timer);
      process.off('exit', stop);
      resolve();
    });
  });
  await listening(child);
  return {
    async end() {
      await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
      if (isOver && count.packets < MOST_PACKETS) throw new Error('tcpdump ended before the proof did');
      child.kill('SIGINT');
      await ended;
      if (failure !== undefined) throw new Error(failure);
      return { packets: count.packets, readable: count.readable };
    },
  };
}

/** It says so on stderr before it sees the first packet. @rejects when it ends instead. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('tcpdump did not begin'));
    }, START_MS);
    child.stderr?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (!said.includes('listening on')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      reject(
        new Error(said.includes('tcpdump') && /not found|No such file/.test(said) ? 'the node has no tcpdump' : said.trim().slice(0, 200)),
      );
    });
  });
}
