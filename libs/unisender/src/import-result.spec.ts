import { describe, expect, it } from '@jest/globals';
import { readImportResult } from './import-result.js';

const counts = { total: 3, inserted: 0, updated: 3, deleted: 0, new_emails: 0 };

describe('readImportResult', () => {
  it.each([undefined, null, []])('R06: reads an update of all rows with the log %p as a success', (log) => {
    expect(readImportResult({ ...counts, invalid: 0, log }, 3)).toEqual({
      total: 3,
      inserted: 0,
      updated: 3,
      deleted: 0,
      invalid: 0,
      rejected: [],
    });
  });

  it.each([2, '2'])('R06: reads the index %p', (index) => {
    const result = readImportResult(
      { ...counts, updated: 2, invalid: 1, log: [{ index, code: 'e_address__e_syntax', message: 'bad' }] },
      3,
    );
    expect(result.rejected).toEqual([{ index: 2, code: 'e_address__e_syntax', message: 'bad' }]);
  });

  it('reads log entries as warnings with invalid 0, as errors without that count', () => {
    const log = [{ index: 0, code: 'w_something' }];
    expect(readImportResult({ ...counts, invalid: 0, log }, 3).rejected).toEqual([]);
    expect(readImportResult({ ...counts, log }, 3).rejected).toEqual([{ index: 0, code: 'w_something', message: '' }]);
  });

  it('skips log entries without a row', () => {
    const log = [{ index: 3, code: 'x' }, { index: -1, code: 'x' }, { index: '', code: 'x' }, { code: 'x' }, 'x'];
    expect(readImportResult({ ...counts, invalid: 1, log }, 3).rejected).toEqual([]);
  });

  it('reads counts that are texts', () => {
    expect(readImportResult({ total: '2', inserted: '1', updated: '1', deleted: '0', invalid: '0' }, 2)).toMatchObject({
      total: 2,
      inserted: 1,
      updated: 1,
    });
  });

  it.each([[[]], [true], [null], [{}], [{ total: 'many' }], [{ total: 1, inserted: -1 }]])('rejects %p as counts', (result) => {
    expect(() => readImportResult(result, 1)).toThrow(expect.objectContaining({ code: 'unisender_unavailable' }));
  });
});
