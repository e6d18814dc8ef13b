import { describe, expect, it } from '@jest/globals';
import { count, flag, readDetails, runMode, uuid } from './audited-details.js';

const readers = { run_mode: runMode, uuid, flag, count };
type Reader = keyof typeof readers;

describe('S13: readDetails', () => {
  it.each<[Reader, unknown, unknown]>([
    ['run_mode', 'reconcile', 'reconcile'],
    ['run_mode', 'hunter2', undefined],
    ['uuid', '0b0123f4-d123-4123-9123-e09f123456ca', '0b0123f4-d123-4123-9123-e09f123456ca'],
    ['uuid', '0b0123f4d12341239123e09f123456ca', undefined],
    ['uuid', 'x'.repeat(65), undefined],
    ['uuid', 5, undefined],
    ['flag', true, true],
    ['flag', '1', '1'],
    ['flag', 'hunter2', undefined],
    ['count', ['a@example.org', 'b@example.org'], 2],
    ['count', 'a@example.org,b@example.org', 2],
    ['count', 'a@example.org', 1],
    ['count', 'two words', undefined],
    ['count', { nested: 1 }, undefined],
    ['count', null, undefined],
    ['count', undefined, undefined],
  ])('as %s keeps of %j: %j', (reader, value, kept) => {
    expect(readDetails({ field: value }, { field: readers[reader] })).toEqual(kept === undefined ? {} : { field: kept });
  });

  it('keeps no other field', () => {
    expect(readDetails({ mode: 'import', client_secret: 'import' }, { mode: runMode })).toEqual({ mode: 'import' });
  });
});
