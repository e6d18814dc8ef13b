import { describe, expect, it } from '@jest/globals';
import { findUrl } from './url.js';

/** After so many calls V8 uses its optimised code. */
const CALLS = 50_000;

describe('findUrl', () => {
  it.each([
    ['https://a.example/x', undefined, 'https://a.example/x'],
    ['/y', 'https://a.example/x', 'https://a.example/y'],
    ['/y', undefined, undefined],
    ['https://\u00f0\u009f\u0098\u0080/', undefined, undefined],
  ])('reads %j from %j', (text, base, expected) => {
    expect(findUrl(text, base)?.href).toBe(expected);
  });

  it('returns undefined, and throws nothing, for bytes of UTF-8 that were read as Latin-1, however often', () => {
    const text = `https://${Buffer.from('😀').toString('latin1')}/x.csv`;
    for (let call = 0; call < CALLS; call += 1) findUrl(`https://a${call}.example/`);
    expect(findUrl(text)).toBeUndefined();
  });
});
