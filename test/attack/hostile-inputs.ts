import type { Parser } from './parsers.js';

/** A hostile input of any size. */
export interface HostileInput {
  readonly name: string;
  of(bytes: number): Buffer;
}

/** Parts of the grammars that the parsers read, and what is known to be slow somewhere. */
const FRAGMENTS = [
  '& = &= =& a& &a a=& a=&a[]=& a[]=& a[][b]=& a[b]=& a[0]=& a[0][b]=& a[0]=&a=& a[9]=& + ++& % %4 %% %25 %2B',
  '%FF. %FF %D0. %ED%A0%80 %00 [ ] [] ][ [[ ]] a[ a] a[] [a] a[0] [0][0] [9] __proto__ [__proto__] contacts[add]',
  '{ } {} {"a": {"a":1}, {"a":{ [{ [[], [], {}, "a", "a":1, "", "" \\" \\\\ \\u0000 \\ud800 \\u0041 1 1, -1, 1e 1e9, 0. 9. null, true,',
  '" ; ;" ";" "; , ," "," : :: . .. .a a. a.a a- -- _ _a ~ ` | @ a@ @a a@a. a@b.co, a, ,a',
  'eyJ eyJ. eyJhbGciOiJIUzI1NiJ9 Bearer Basic key= key key" "key" secret secret= token token: token- password api_key authorization',
  'code= state= state=a def50 def502 /webhook/ //@ ://a@ http:// https:// xn-- a.kommo.com kommo.com. 127.0.0.1, ::1, ::ffff: 1. fe80:',
  '"auth" "auth": "auth":"0 list_ids _list_id 1,2, \\n \\r \\t',
].flatMap((line) => line.split(' '));

const LITERALS = [
  ' ',
  '" ',
  '"auth" :',
  `"auth":"${'0'.repeat(32)}"`,
  'key =',
  'secret ',
  'Bearer ',
  '\u0301\u0316',
  '\u1100\u1161',
  '\u0130',
  '\ud83d\ude00',
  '\ufeff',
  '\u2028',
  '\u200e',
  '\u3002',
  ';\n',
  '"\n',
  '\r\n',
  '";"\n',
  'a;\n',
  'a;b;c\n',
  '"a\nb";c\n',
  'a@b.co;active\n',
];

const repeat = (name: string, piece: Buffer): HostileInput => ({ name, of: (bytes) => Buffer.alloc(bytes, piece) });

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
const hex = (byte: number) => byte.toString(16).padStart(2, '0').toUpperCase();

/** Each byte, again and again. */
export const repeatedBytes: readonly HostileInput[] = BYTES.map((byte) => repeat(`byte ${hex(byte)}`, Buffer.from([byte])));

/** Each escaped byte, again and again. */
export const repeatedEscapes: readonly HostileInput[] = BYTES.map((byte) => repeat(`%${hex(byte)}`, Buffer.from(`%${hex(byte)}`)));

/** Fragments of the grammars, again and again. */
export const repeatedFragments: readonly HostileInput[] = [...FRAGMENTS, ...LITERALS].map((text) =>
  repeat(JSON.stringify(text), Buffer.from(text)),
);

function counted(name: string, pieceOf: (index: number) => string): HostileInput {
  return {
    name,
    of(bytes) {
      const pieces: string[] = [];
      for (let index = 0, length = 0; length < bytes; index += 1) {
        const piece = pieceOf(index);
        pieces.push(piece);
        length += piece.length;
      }
      return Buffer.from(pieces.join('')).subarray(0, bytes);
    },
  };
}

/** V8 hashes a number in a text to the number itself, without a seed in old versions: these fall together. */
const colliding = (index: number) => (index + 1) * 65_536;

/** Parts that differ from each other. */
export const countedInputs: readonly HostileInput[] = [
  counted('keys', (index) => `k${index}=1&`),
  counted('items in order', (index) => `a[${index}]=1&`),
  counted('items backwards', (index) => `a[${1e8 - index}]=1&`),
  counted('contacts in order', (index) => `contacts[add][${index}][id]=1&`),
  counted('contacts out of order', (index) => `contacts[add][${(index * 7_919) % 99_991}][id]=1&`),
  counted('colliding items', (index) => `a[${colliding(index)}]=1&`),
  counted('colliding keys', (index) => `${colliding(index)}=1&`),
  counted('branches', (index) => `a[b${index}][c][d][e][f]=1&`),
  counted('a list that becomes a text', (index) => `a[${index}]=1&a=2&a[x]=3&`),
  counted('JSON names', (index) => `"k${index}":1,`),
  counted('colliding JSON names', (index) => `"${colliding(index)}":1,`),
  counted('colliding JSON texts', (index) => `"${colliding(index)}",`),
  counted('JSON objects of different shapes', (index) => `{"k${index}":1},`),
  counted('addresses', (index) => `a${index}@example.org,`),
  counted('rows', (index) => `a${index}@example.org;active\n`),
  counted('columns', (index) => `c${index};`),
];

/** Puts a hostile part into a frame: the whole has the given size. */
export function inFrame(input: HostileInput, [before, after]: Parser['frames'][number]): (bytes: number) => Buffer {
  return (bytes) => Buffer.concat([Buffer.from(before), input.of(Math.max(0, bytes - before.length - after.length)), Buffer.from(after)]);
}
