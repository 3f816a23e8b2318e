/** What a campaign changed on this machine is mended when its work ends, also when the campaign itself is interrupted. */
const held = new Set<() => Promise<void> | void>();
/** Nothing is begun any more. */
let isEnding = false;

/** `mend` runs once. */
export async function holding<T>(mend: () => Promise<void> | void, work: () => Promise<T>): Promise<T> {
  if (isEnding) return new Promise(() => {});
  held.add(mend);
  try {
    return await work();
  } finally {
    if (held.delete(mend)) await mend();
  }
}

/** For the commands that start campaigns: the last thing that was changed is mended first, also when the campaign itself breaks. */
export function mendWhenInterrupted(): void {
  process.once('uncaughtException', (error) => {
    process.stderr.write(`the campaign broke: ${error.stack}\n`);
    void mendAll().finally(() => process.exit(1));
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void mendAll().finally(() => process.exit(130)));
}

async function mendAll(): Promise<void> {
  isEnding = true;
  for (const mend of [...held].toReversed()) {
    held.delete(mend);
    try {
      await mend();
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
    }
  }
}
