import { describe, expect, it } from '@jest/globals';
import { readDetails } from './audited-details.js';

describe('readDetails', () => {
  it.each<[unknown, unknown]>([
    ['reconcile', 'reconcile'],
    ['0b0123f4-d123-4123-9123-e09f123456ca', '0b0123f4-d123-4123-9123-e09f123456ca'],
    [5, 5],
    [true, true],
    [['a@example.org', 'b@example.org'], 2],
    ['a@example.org,b@example.org', 2],
    ['a@example.org', 1],
    ['two words', undefined],
    ['x'.repeat(65), undefined],
    ['line\nbreak', undefined],
    [{ nested: 1 }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('keeps of %j: %j', (value, kept) => {
    expect(readDetails({ field: value }, ['field'])).toEqual(kept === undefined ? {} : { field: kept });
  });

  it('keeps no other field', () => {
    expect(readDetails({ mode: 'import', client_secret: 'word' }, ['mode'])).toEqual({ mode: 'import' });
  });
});
