import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
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

test('what cannot take its place leaves nothing beside it', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'meshtax-files-'));
  try {
    mkdirSync(`${directory}/report`);
    await expect(files.writeAtomically(`${directory}/report`, 'x')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(directory)).toEqual(['report']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a device that a user names is written to; a file that a user names is replaced at once', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'meshtax-files-'));
  try {
    await files.writeInto('/dev/null', 'x');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    await files.writeInto(`${directory}/report`, 'old');
    const before = statSync(`${directory}/report`).ino;
    await files.writeInto(`${directory}/report`, 'new');
    expect(readFileSync(`${directory}/report`, 'utf8')).toBe('new');
    expect(statSync(`${directory}/report`).ino).not.toBe(before);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
