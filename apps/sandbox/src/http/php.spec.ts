import { describe, expect, it } from '@jest/globals';
import { httpBuildQuery, phpJson, phpUrlEncode } from './php.js';

describe('phpUrlEncode', () => {
  it.each([
    ['a b', 'a+b'],
    ['[x]', '%5Bx%5D'],
    ['https://a.b/c', 'https%3A%2F%2Fa.b%2Fc'],
    ["(!*'~)", '%28%21%2A%27%7E%29'],
    ['Аб', '%D0%90%D0%B1'],
    ['a+b&c%d', 'a%2Bb%26c%25d'],
    ['a-b_c.d', 'a-b_c.d'],
    ['\ud800', '%EF%BF%BD'],
  ])('writes %s as %s', (text, encoded) => {
    expect(phpUrlEncode(text)).toBe(encoded);
  });
});

describe('httpBuildQuery', () => {
  it('nests in key order and leaves out what is not there', () => {
    const query = httpBuildQuery({ b: { x: 1, y: undefined }, a: ['p', { q: 'r' }] });
    expect(decodeURIComponent(query)).toBe('b[x]=1&a[0]=p&a[1][q]=r');
  });
});

describe('phpJson', () => {
  it('escapes slashes and everything outside ASCII', () => {
    expect(phpJson({ a: 'b/и🌸' })).toBe('{"a":"b\\/\\u0438\\ud83c\\udf38"}');
  });
});
