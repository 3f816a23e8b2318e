import { describe, expect, test } from 'vitest';
import { errorCodes, formatError, MeshtaxError } from '../../../src/model/errors.ts';

describe('errors', () => {
  test('code, sentence, place and fix', () => {
    const error = new MeshtaxError('MT1001', { problem: 'loads.0.rate: bad' }, { place: { file: 'e.yaml', line: 6, column: 8 } });
    expect(formatError(error)).toBe(
      'e.yaml:6:8: MT1001 The experiment is not valid: loads.0.rate: bad.\n  fix: Correct the file; `meshtax init` writes a commented one and `meshtax schema` prints what is allowed.',
    );
    expect(error.exit).toBe(2);
  });
  test('every sentence is one sentence that ends with a full stop, and every code has a fix', () => {
    for (const code of errorCodes()) {
      const error = new MeshtaxError(code);
      expect(error.message).toMatch(/^[A-Z{].*\.$/s);
      expect(error.fix).not.toBe('');
    }
  });
  test('values are data: a placeholder inside a value is not filled', () => {
    expect(new MeshtaxError('MT1002', { file: '{reason}', reason: 'r' }).message).toBe('The file {reason} cannot be read: r.');
  });
});
