import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import qs from 'qs';
import { InvalidInputError } from './errors.js';
import { defaultBodyLimits, hookBodyLimits } from './body-limits.js';
import { parseFormBody } from './form-body.js';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const parse = (text: string) => plain(parseFormBody(text));

const refusal = (text: string | Uint8Array) => {
  try {
    parseFormBody(text);
  } catch (error) {
    return error instanceof InvalidInputError ? error.code : error;
  }
  return 'accepted';
};

describe('a form body', () => {
  it.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', {}],
    ['&&a=1&', { a: '1' }],
    ['a=1=2', { a: '1=2' }],
    ['a=b+c%20d', { a: 'b c d' }],
    ['%D0%B8%D0%BC%D1%8F=%F0%9F%98%80', { имя: '😀' }],
    ['имя=😀', { имя: '😀' }],
    ['a[b][c]=1&a[b][d]=2', { a: { b: { c: '1', d: '2' } } }],
    ['a%5Bb%5D%5B0%5D=1', { a: { b: ['1'] } }],
    ['a[0]=x&a[1]=y', { a: ['x', 'y'] }],
    ['a[]=x&a[]=y', { a: ['x', 'y'] }],
    ['a[][b]=x&a[][b]=y', { a: [{ b: 'x' }, { b: 'y' }] }],
    ['a=x&a=y&a=z', { a: ['x', 'y', 'z'] }],
    ['a[b]=1&a[0]=2', { a: { 0: '2', b: '1' } }],
    ['a[0]=1&a[b]=2', { a: { 0: '1', b: '2' } }],
    ['a[x]=1&a[]=2', { a: { 0: '2', x: '1' } }],
    ['a=1&a[b]=2', { a: { b: '2' } }],
    ['a[b=1', { 'a[b': '1' }],
    ['a]b=1', { 'a]b': '1' }],
    ['[a]=1', { '[a]': '1' }],
    ['a[b]c[d]=1', { 'a[b]c[d]': '1' }],
  ])('%s is %j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('makes a list without gaps of indices with gaps or out of order', () => {
    expect(parse('f[0]=a&f[2]=c&f[1]=b&f[7]=d')).toEqual({ f: ['a', 'b', 'c', 'd'] });
  });

  it('keeps an object with ids as keys', () => {
    expect(parse('linked[35144366][ID]=35144366')).toEqual({ linked: { 35144366: { ID: '35144366' } } });
  });

  it('reads 1,000 items as a list and reserves no memory for a high index', () => {
    const many = Array.from({ length: 1001 }, (_, index) => `a[${index}]=${index}`).join('&');
    expect(parseFormBody(many)['a']).toHaveLength(1001);
    expect(parse('a[99999999]=x')).toEqual({ a: { 99999999: 'x' } });
  });

  it('reads twelve levels', () => {
    const path = 'bcdefghijklm';
    const text = `a${[...path].map((name) => `[${name}]`).join('')}=1`;
    const expected = [...path].reduceRight<unknown>((inner, name) => ({ [name]: inner }), '1');
    expect(parse(text)).toEqual({ a: expected });
  });

  it('S02: reads a key that has the same parent as the key before, with any names', () => {
    expect(parse('a[b][c]=1&a[b][d]=2&a[b]=3&a[b][e]=4')).toEqual({ a: { b: { e: '4' } } });
    expect(parse('a[[b]=1&a[[c]=2&a[d]=3')).toEqual({ a: { '[b': '1', '[c': '2', d: '3' } });
    expect(parse('a[][b]=1&a[][c]=2')).toEqual({ a: [{ b: '1' }, { c: '2' }] });
    expect(parse('a[x][b]=1&a[x][__proto__]=2&a[x][b]=3')).toEqual({ a: { x: { b: ['1', '3'] } } });
  });

  it('S02: reads 40,000 keys of 3,000 contacts as a hook', () => {
    const names = Array.from({ length: 13 }, (_, index) => `custom_fields[0][values][${index}][value]`);
    const contacts = Array.from({ length: 3_000 }, (_, index) =>
      names.map((name) => `contacts[add][${index}][${name.replace('[', '][')}=1`),
    );
    const text = `account[id]=7&${contacts.flat().join('&')}`;
    expect(refusal(text)).toBe('body_too_complex');
    const { contacts: read } = parseFormBody(text, hookBodyLimits) as { contacts: { add: unknown[] } };
    expect(read.add).toHaveLength(3_000);
  });

  it('S02: refuses more lists and objects than its keys need', () => {
    const limits = { ...defaultBodyLimits, maxKeys: 100 };
    const text = Array.from({ length: 100 }, (_, index) => `a${index}[b][c]=1`).join('&');
    expect(() => parseFormBody(text, limits)).not.toThrow();
    expect(() => parseFormBody(text.replaceAll('[c]', '[c][d]'), limits)).toThrow('more than 200 lists and objects');
  });

  it('R47: refuses 50 levels, 100,000 keys and a broken %', () => {
    const started = performance.now();
    expect(refusal(`a${'[b]'.repeat(50)}=1`)).toBe('body_too_complex');
    expect(refusal(Array.from({ length: 100_000 }, (_, index) => `k${index}=1`).join('&'))).toBe('body_too_complex');
    expect(refusal('a=100%')).toBe('bad_body');
    expect(refusal('a=%zz')).toBe('bad_body');
    expect(refusal('a=%FF%4')).toBe('bad_body');
    expect(refusal(Uint8Array.from([0x61, 0x3d, 0xff]))).toBe('bad_body');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('R47: makes a lone surrogate and cut UTF-8 a replacement character', () => {
    expect(parse('a=%ED%A0%80&b=%D0%98%D0')).toEqual({ a: '\ufffd\ufffd\ufffd', b: 'И\ufffd' });
  });

  it.each([
    '__proto__[polluted]=1',
    'constructor[prototype][polluted]=1',
    'a[__proto__][polluted]=1',
    'a[constructor][prototype][polluted]=1',
    '__proto__=1',
  ])('R47: %s changes no prototype', (text) => {
    const body = parseFormBody(`${text}&b=2`);
    expect(plain(body)).toEqual({ b: '2' });
    expect('toString' in body).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  const name = fc.stringMatching(/^[a-z][a-z_]{0,5}$/).filter((text) => !['constructor', 'prototype'].includes(text));
  const { tree } = fc.letrec<{ tree: unknown; object: Record<string, unknown> }>((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, fc.string({ unit: 'grapheme' }), fc.array(tie('tree'), { minLength: 1, maxLength: 30 }), tie('object')),
    object: fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 6 }),
  }));
  const form = fc.dictionary(name, tree, { maxKeys: 8 });
  const limits = { depth: 12, arrayLimit: 1000, parameterLimit: 20_000, plainObjects: true };

  it('returns the value that qs encoded, brackets encoded or not', () => {
    fc.assert(
      fc.property(form, fc.boolean(), (value, encodeValuesOnly) => {
        const text = qs.stringify(value, { encodeValuesOnly, format: 'RFC1738' });
        expect(parse(text)).toEqual(plain(value));
        expect(parse(text)).toEqual(plain(qs.parse(text, limits)));
      }),
    );
  });

  it('throws only its own errors', () => {
    const token = fc.constantFrom('a', '[', ']', '&', '=', '%', '%5B', '%5D', '%00', '+', '0', '99999', '__proto__', '\ud800', 'é');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        expect(['accepted', 'bad_body', 'body_too_complex']).toContain(refusal(tokens.join('')));
      }),
    );
  });
});
