import { expect, test } from 'vitest';
import { deleteNamespaces } from '../../../src/clusters/lab/namespaces.ts';
import { fakeSystem } from '../../fakes.ts';

test('what is gone already is as good as deleted; what stays is told, after all were tried', async () => {
  const answer = ([, , , name]: readonly string[]) => {
    if (name === 'gone') return { exitCode: 1, stderr: 'Cannot remove namespace file "/run/netns/gone": No such file or directory\n' };
    return name === 'busy' ? { exitCode: 1, stderr: 'Cannot remove namespace file: Device or resource busy\n' } : {};
  };
  const system = fakeSystem({ answer });
  await deleteNamespaces(system.processes, ['gone', 'there']);
  await expect(deleteNamespaces(system.processes, ['busy', 'last'])).rejects.toThrow(
    'busy: Cannot remove namespace file: Device or resource busy',
  );
  expect(system.commands.at(-1)).toContain('last');
});
