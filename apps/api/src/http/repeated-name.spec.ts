import { describe, expect, it } from '@jest/globals';
import { findRepeatedName } from './repeated-name.js';

const find = (json: string) => findRepeatedName(Buffer.from(json));

describe('S01: findRepeatedName', () => {
  it.each([
    ['{"id":1,"id":2}', 'id'],
    ['{"id":1,"\\u0069d":2}', 'id'],
    ['{ "a" : {"id":1} , "id"\n:1,"x":[{}],"id" : 2}', 'id'],
    ['{"a\\\\":1,"b":"\\"","a\\\\":2}', 'a\\'],
  ])('finds the repeated name of %s', (json, name) => {
    expect(find(json)).toBe(name);
  });

  it.each([
    '{}',
    '[]',
    '5',
    '"a"',
    '{"id":"id","a":{"id":1,"b":{"id":2}},"c":[{"id":1},{"id":2}]}',
    '{"a":"\\\\","b":"a"}',
    '{"é":1,"e":2}',
  ])('finds none in %s', (json) => {
    expect(find(json)).toBeUndefined();
  });

  it('takes time in proportion to the text', () => {
    const timeOf = (length: number) => {
      const json = Buffer.from(`{"a":"${'\\\\'.repeat(length)}","b":"${'x'.repeat(length)}"}`);
      const started = performance.now();
      findRepeatedName(json);
      return performance.now() - started;
    };
    timeOf(100_000);
    expect(timeOf(2_000_000)).toBeLessThan(1_000);
  });
});
