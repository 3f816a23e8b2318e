import { defineConfig } from 'vitest/config';

/** Projects by what a test needs: nothing, much computing, or the real lab (root). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'] } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      { test: { name: 'golden', include: ['test/golden/**/*.test.ts'] } },
      { test: { name: 'statistical', include: ['test/statistical/**/*.test.ts', 'test/fuzz/**/*.test.ts'], testTimeout: 120_000 } },
      // One lab at a time: the measuring lock would refuse the second.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/e2e/setup.ts',
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
