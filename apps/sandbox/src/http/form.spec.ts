import { describe, expect, it } from '@jest/globals';
import { itemsOf, parseForm, parseMultipart } from './form.js';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('parseForm', () => {
  it.each([
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a[0][1]=x', { a: { 0: { 1: 'x' } } }],
    ['a%5B0%5D%5B1%5D=x', { a: { 0: { 1: 'x' } } }],
    ['a[]=x&a[]=y', { a: { 0: 'x', 1: 'y' } }],
    ['a[5]=x&a[]=y', { a: { 5: 'x', 6: 'y' } }],
    ['a[][]=x&a[][]=y', { a: { 0: { 0: 'x' }, 1: { 0: 'y' } } }],
    ['name=%D0%90+b', { name: 'А b' }],
    ['broken=%zz&lone=%', { broken: '%zz', lone: '%' }],
    ['a', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a[b=c', { a: 'c' }],
    ['', {}],
  ])('reads %s', (text, expected) => {
    expect(plain(parseForm(text))).toEqual(expected);
  });

  it('changes no prototype', () => {
    const tree = parseForm('__proto__[x]=1&constructor[prototype][y]=2');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(Object.keys(tree)).toEqual(['__proto__', 'constructor']);
  });

  it('reads 500 rows in order of their numbers', () => {
    const rows = Array.from({ length: 500 }, (_, row) => `data[${row}][0]=a${row}`).join('&');
    expect(itemsOf(parseForm(rows), 'data')).toHaveLength(500);
  });
});

describe('parseMultipart', () => {
  it('reads text parts with bracket names', () => {
    const body =
      '--x\r\nContent-Disposition: form-data; name="a[0]"\r\n\r\none\r\n--x\r\nContent-Disposition: form-data; name="b"\r\n\r\ntwo\r\n--x--\r\n';
    expect(plain(parseMultipart(Buffer.from(body), 'multipart/form-data; boundary=x'))).toEqual({ a: { 0: 'one' }, b: 'two' });
  });
});
