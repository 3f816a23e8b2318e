import { describe, expect, test } from 'vitest';
import { kind } from '../../../src/clusters/kind/kind.ts';
import { fakeSystem } from '../../fakes.ts';

const selected = kind.schema.parse({ id: 'kind' });
const opening = { runId: 'abc123', logDirectory: '/logs', allowConcurrent: false };

describe('kind', () => {
  test('without Docker: in clear words, before anything is made', async () => {
    const system = fakeSystem({ answer: () => ({ exitCode: 1, stderr: 'Cannot connect to the Docker daemon' }) });
    await expect(kind.open(selected, system, opening, () => {})).rejects.toThrow(
      /docker cannot be used: Cannot connect to the Docker daemon/,
    );
    expect(system.commands).toHaveLength(1);
  });

  test('the undo of the cluster comes before the cluster', async () => {
    const undone: string[] = [];
    const system = fakeSystem({ answer: (command) => (command[1] === 'create' ? { exitCode: 1, stderr: 'no space' } : { stdout: 'v' }) });
    await expect(kind.open(selected, system, opening, (title) => void undone.push(title))).rejects.toThrow(/kind cannot be used: no space/);
    expect(undone).toEqual(['the kubeconfig of the kind cluster', 'the kind cluster meshtax-abc123']);
    expect(system.commands.at(-1)).toEqual(
      expect.arrayContaining([
        'kind',
        'create',
        'cluster',
        '--name=meshtax-abc123',
        '--config=/project/clusters/kind/kindnet.yaml',
      ]) as string[],
    );
  });

  test('only clusters of ours are cleaned, and one that may be in use only when named', async () => {
    const system = fakeSystem({ answer: () => ({ stdout: 'theirs\nmeshtax-dev\nmeshtax-abc123\nmeshtax-zzz999\n' }) });
    const which = { run: undefined, force: false, place: undefined, waitMs: 0 };
    expect((await kind.clean?.(system, which))?.kept).toHaveLength(2);
    expect((await kind.clean?.(system, { ...which, run: 'abc123' }))?.removed).toEqual(['kind cluster meshtax-abc123']);
    expect((await kind.clean?.(system, { ...which, force: true }))?.removed).toHaveLength(2);
    expect(system.commands.flat()).not.toContain('--name=theirs');
    expect(system.commands.flat()).not.toContain('--name=meshtax-dev');
  });
});
