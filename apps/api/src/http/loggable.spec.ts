import { describe, expect, it } from '@jest/globals';
import { toLoggableInput, toLoggableResponse } from './loggable.js';

describe('S13: what is logged', () => {
  it.each<[unknown, unknown]>([
    [5, 5],
    [true, true],
    [null, null],
    ['501', '501'],
    ['import', 'import'],
    ['0b0123f4-d123-4123-9123-e09f123456ca', '0b0123f4-d123-4123-9123-e09f123456ca'],
    ['2026-11-26T10:00:00.000Z', '2026-11-26T10:00:00.000Z'],
    ['hunter2', '…'],
    ['someword', '…'],
    ['a@example.org', '…'],
    ['12345678901234567', '…'],
    [['a', 'b'], '2 items'],
    [Buffer.alloc(3), '3 bytes'],
    [{ a: { b: { c: 1 } } }, { a: { b: '…' } }],
  ])('is of the value %j: %j', (value, logged) => {
    expect(toLoggableInput({ field: value })).toEqual({ field: logged });
  });

  it('hides names of fields that the API does not use', () => {
    expect(toLoggableInput({ account_id: 1, hunter2: 1, 'a@example.org': 1 })).toEqual({ account_id: 1, '…': 1 });
  });

  it('is of a response its status and counts', () => {
    const response = { status: 'success', code: 200, message: 'x', data: { found: true, contact: { name: 'Ivan', emails: ['a@b.c'] } } };
    expect(toLoggableResponse(response)).toEqual({
      status: 'success',
      code: 200,
      message: '…',
      data: { found: true, contact: { name: '…', emails: '1 items' } },
    });
  });
});
