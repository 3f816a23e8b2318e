import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { files } from '../../../src/system/files.ts';

test('a directory has the mode that was asked for, even when it was there before with another', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'meshtax-files-'));
  try {
    chmodSync(directory, 0o700);
    await files.makeDirectory(directory, { mode: 0o711 });
    expect(statSync(directory).mode & 0o777).toBe(0o711);
    await files.makeDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o711);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('nothing is appended through a link', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'meshtax-files-'));
  try {
    symlinkSync(`${directory}/elsewhere`, `${directory}/journal.jsonl`);
    await expect(files.appendDurably(`${directory}/journal.jsonl`, 'line\n')).rejects.toThrow(/ELOOP/);
    expect(existsSync(`${directory}/elsewhere`)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
