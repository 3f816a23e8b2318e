import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../src/model/printable.ts';

test('what would be obeyed is shown', () => {
  expect(printable('a\tb\nc')).toBe('a\tb\nc');
  expect(printable('a,b\r\nc,d\r\n')).toBe('a,b\r\nc,d\r\n');
  expect(printable('\u001b[31mred\u0000\u009b2J\r\u202Egnp')).toBe('\\u001b[31mred\\u0000\\u009b2J\\u000d\\u202egnp');
});

test('JSON means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 1);
      expect(JSON.parse(printable(text))).toEqual(JSON.parse(text));
    }),
  );
});
