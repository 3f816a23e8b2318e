/** Work that may take so long, and no longer. */

/** `problem`: what the error says. @throws Error when it takes longer; the work itself goes on. */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  problem = `it took longer than ${Math.round(milliseconds)} ms`,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(problem)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
