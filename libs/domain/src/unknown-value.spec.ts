import { describe, expect, it } from '@jest/globals';
import { parseJson, toItems, toPositiveInteger, toText, valueAt } from './unknown-value.js';

describe('reading a value of unknown shape', () => {
  it('finds own properties only', () => {
    const holder = { a: { b: 1 }, list: ['x'] };
    expect(valueAt(holder, 'a', 'b')).toBe(1);
    expect(valueAt(holder, 'list', '0')).toBe('x');
    expect(valueAt(holder, '__proto__', 'toString')).toBeUndefined();
    expect(valueAt(holder, 'constructor')).toBeUndefined();
    expect(valueAt('text', 'length')).toBeUndefined();
    expect(valueAt(null, 'a')).toBeUndefined();
  });

  it.each([
    ['37054081', 37054081],
    [12, 12],
    ['0', undefined],
    [-1, undefined],
    ['1e3', undefined],
    ['01', undefined],
    ['9'.repeat(40), undefined],
    ['9999999999999999', undefined],
    [1.5, undefined],
    [['1'], undefined],
  ])('reads %p as the positive integer %p', (value, expected) => {
    expect(toPositiveInteger(value)).toBe(expected);
  });

  it.each([
    ['x', 'x'],
    [7, '7'],
    [true, '1'],
    [false, '0'],
    [Number.NaN, undefined],
    [null, undefined],
    [{}, undefined],
  ])('reads %p as the text %p', (value, expected) => {
    expect(toText(value)).toBe(expected);
  });

  it('reads lists in every form in which they are sent', () => {
    expect(toItems(['a', 'b'])).toEqual(['a', 'b']);
    const sparse: string[] = [];
    sparse[3] = 'd';
    expect(toItems(sparse)).toEqual(['d']);
    expect(toItems({ 2: 'c', 0: 'a' })).toEqual(['a', 'c']);
    expect(toItems({ value: '2' })).toEqual([{ value: '2' }]);
    expect(toItems('lone')).toEqual(['lone']);
    expect(toItems(null)).toEqual([]);
  });

  it('returns undefined for an incomplete JSON text', () => {
    expect(parseJson('{"a":1}')).toEqual({ a: 1 });
    expect(parseJson('{"a":')).toBeUndefined();
  });
});
