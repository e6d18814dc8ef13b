import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from './errors.js';
import { defaultBodyLimits } from './body-limits.js';
import { parseJsonBody } from './json-body.js';

const refusal = (text: string | Uint8Array) => {
  try {
    parseJsonBody(text);
  } catch (error) {
    return error instanceof InvalidInputError ? error.code : error;
  }
  return 'accepted';
};

describe('a JSON body', () => {
  it('is read with its types', () => {
    expect(parseJsonBody('{"a":[1,"x",null,true,{"b":2}]}')).toEqual({ a: [1, 'x', null, true, { b: 2 }] });
  });

  it('may be empty', () => {
    expect(parseJsonBody(' \n')).toBeUndefined();
  });

  it('R47: is refused with 50 levels, with 100,000 values, or when it is not JSON or not UTF-8', () => {
    const started = performance.now();
    expect(refusal('['.repeat(50) + ']'.repeat(50))).toBe('body_too_complex');
    expect(refusal('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000))).toBe('body_too_complex');
    expect(refusal(JSON.stringify(Array.from({ length: 100_000 }, () => 1)))).toBe('body_too_complex');
    expect(refusal('{"a":')).toBe('bad_body');
    expect(refusal(Uint8Array.from([0x22, 0xff, 0x22]))).toBe('bad_body');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('S02: counts names and list items, but no content of texts and no empty lists', () => {
    const limits = { ...defaultBodyLimits, maxKeys: 6 };
    for (const text of ['{"a":[1,{"b":"[{,\\",,,"},[]],"c":{}}', '[1,2,3,4,5,[]]', ' [ [ ] , { } , 3 , 4 , 5 , 6 ] ']) {
      expect(() => parseJsonBody(text, limits)).not.toThrow();
      expect(() => parseJsonBody(`[${text}]`, limits)).toThrow('more than 6 values');
    }
  });

  it('R47: replaces lone surrogates and keeps whole pairs', () => {
    expect(parseJsonBody('{"a":"x\\ud800y","b":"\\ud83d\\ude00"}')).toEqual({ a: 'x\ufffdy', b: '😀' });
  });

  it.each(['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])('R47: %s changes no prototype', (text) => {
    expect(Object.keys(parseJsonBody(text) as object)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
