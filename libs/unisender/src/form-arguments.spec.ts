import { describe, expect, it } from '@jest/globals';
import { toFormBody } from './form-arguments.js';

describe('toFormBody', () => {
  it("encodes lists and records with PHP's brackets", () => {
    const body = toFormBody({ field_names: ['email', 'Name'], data: [['a@b.c', 'Ann']], events: { unsubscribe: '*' }, list_id: 5 });
    expect([...new URLSearchParams(body)]).toEqual([
      ['field_names[0]', 'email'],
      ['field_names[1]', 'Name'],
      ['data[0][0]', 'a@b.c'],
      ['data[0][1]', 'Ann'],
      ['events[unsubscribe]', '*'],
      ['list_id', '5'],
    ]);
  });

  it('R10: keeps emoji, Cyrillic and reserved characters', () => {
    const value = 'Ирина 🙂 a+b&c=d%20;é';
    expect(new URLSearchParams(toFormBody({ data: [[value]] })).get('data[0][0]')).toBe(value);
  });
});
