import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFormBody } from './form-body.js';
import { FormKeys, NO_PARENT } from './form-keys.js';

const read = (key: string, keys = new FormKeys()) => keys.read(key, 12, 1);

describe('FormKeys', () => {
  it('reads a key the same way, encoded or not', () => {
    expect(read('a%5Bb%5D%5Bc%5D').path).toEqual(['a', 'b', 'c']);
    expect(read('a[b][c]').path).toEqual(['a', 'b', 'c']);
  });

  it('gives keys that differ in the last name the same parent, and other keys another one', () => {
    const keys = new FormKeys();
    const parents = ['a[b][c]', 'a%5Bb%5D%5Bd%5D', 'a[c][c]', 'a[[b]', 'a[b[c]'].map((key) => read(key, keys).parent);
    expect(parents[1]).toBe(parents[0]);
    expect(new Set(parents).size).toBe(3);
  });

  it('gives no parent to a single name, and to a key with []', () => {
    expect([read('a').parent, read('a[][b]').parent, read('a[]').parent]).toEqual([NO_PARENT, NO_PARENT, NO_PARENT]);
  });

  it('never gives a parent again to another one, also after it has dropped its keys', () => {
    const keys = new FormKeys();
    const { parent } = read('a[b]', keys);
    const others = Array.from({ length: 6_000 }, (_, index) => read(`x${index}[b]`, keys).parent);
    expect(others).not.toContain(parent);
    expect(new Set(others).size).toBe(6_000);
  });

  it('keeps no key from the end of a large form', () => {
    const keys = new FormKeys();
    expect(keys.read('a[b]', 12, 1_001)).toEqual({ path: ['a', 'b'], name: 'b', parent: NO_PARENT, isDangerous: false });
    expect(keys.read('a[b]', 12, 1_000).parent).not.toBe(NO_PARENT);
  });

  it('reads forms in a row as each form alone', () => {
    const name = fc.constantFrom('a', 'b', '0', '1', '', '__proto__', '%5B', 'é', 'long'.repeat(60));
    const key = fc.tuple(name, fc.array(name, { maxLength: 3 })).map(([first, rest]) => first + rest.map((each) => `[${each}]`).join(''));
    const form = fc.array(key, { maxLength: 12 }).map((keys) => keys.map((each, index) => `${each}=${index}`).join('&'));
    fc.assert(
      fc.property(fc.array(form, { minLength: 2, maxLength: 6 }), (forms) => {
        const keys = new FormKeys();
        for (const text of forms) expect(parseFormBody(text, undefined, keys)).toEqual(parseFormBody(text));
      }),
    );
  });
});
