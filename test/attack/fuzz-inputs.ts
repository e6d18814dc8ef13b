import fc from 'fast-check';
import { listSamples, readSample } from '../support/samples.js';

const samples = (['kommo', 'unisender'] as const).flatMap((vendor) =>
  listSamples(vendor, /\.(json|form|txt)$/).map((file) => Buffer.from(readSample(vendor, file))),
);

/** Parts of the grammars that the parsers read. */
const TOKENS = [
  ...'a b [ ] [] [0] [1] [9] [999999999] [b] { } : , = & ; + % %5B %5D %00 %FF %D0 %98 %ED%A0%80 0 1 -1 1e9 . @ / \\ " \' < > é 😀 İ'.split(
    ' ',
  ),
  ...'__proto__ constructor prototype length toString [__proto__] [length] contacts [add] [update] [id] account custom_fields'.split(' '),
  ...'null true "a" {"a": "id": [{ }] \\u0000 \\ud800 \\" https:// .kommo.com localhost 127.0.0.1 xn-- eyJ Bearer key= secret= token'.split(
    ' ',
  ),
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u0301\u0316',
  '\ufeff',
  '\u2028',
  '"auth":"',
  '0'.repeat(32),
  'events_by_user',
  'event_name',
  'list_ids',
  '_embedded',
  'result',
  'error',
  'email;status\n',
].map((text) => Buffer.from(text));

const token = fc.constantFrom(...TOKENS);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

type Change = (input: Buffer) => Buffer;

/** A place in the input, as a share of its length. */
const place = fc.double({ min: 0, max: 1, noNaN: true });

const change: fc.Arbitrary<Change> = fc.oneof<fc.Arbitrary<Change>[]>(
  fc.tuple(place, fc.oneof<fc.Arbitrary<Buffer>[]>(token, bytes(8))).map(([at, part]): Change => (input) => {
    const index = Math.floor(at * input.length);
    return Buffer.concat([input.subarray(0, index), part, input.subarray(index)]);
  }),
  fc.tuple(place, place).map(([from, to]): Change => (input) => {
    const [start, end] = [from, to].sort((a, b) => a - b).map((at) => Math.floor(at * input.length));
    return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
  }),
  fc.tuple(place, place, fc.integer({ min: 2, max: 20 })).map(([from, to, times]): Change => (input) => {
    const [start, end] = [from, to].sort((a, b) => a - b).map((at) => Math.floor(at * input.length));
    return Buffer.concat([input.subarray(0, end), ...Array<Buffer>(times).fill(input.subarray(start, end)), input.subarray(end)]);
  }),
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, bits]): Change => (input) => {
    const changed = Buffer.from(input);
    const index = Math.floor(at * (changed.length - 1));
    if (changed.length > 0) changed[index] = (changed[index] ?? 0) ^ bits;
    return changed;
  }),
);

/** Repeated repetitions would grow without end; the growth test has the largest sizes. */
const MAX_BYTES = 32_768;

/** A recorded payload of a vendor with a few changes. */
const changedSample = fc
  .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 6 }))
  .map(([sample, changes]) => changes.reduce<Buffer>((input, apply) => apply(input).subarray(0, MAX_BYTES), sample));

/** Anything that somebody could send: noise, the parts of a grammar in any order, or a changed payload of a vendor. */
export const anyInput: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: bytes(300) },
  { weight: 3, arbitrary: fc.array(token, { maxLength: 60 }).map((parts) => Buffer.concat(parts)) },
  { weight: 3, arbitrary: changedSample },
);

const name = fc.stringMatching(/^[a-z][a-z_]{0,5}$/).filter((text) => !['constructor', 'prototype'].includes(text));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

/** What a form can carry: texts in lists and objects, no empty ones. */
export const formValue: fc.Arbitrary<Record<string, unknown>> = fc.letrec<{ tree: unknown; form: Record<string, unknown> }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.array(tie('tree'), { minLength: 1, maxLength: 12 }),
    fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 5 }),
  ),
  form: fc.dictionary(name, tie('tree'), { maxKeys: 8 }),
})).form;

/** What JSON can carry within the limits of a body. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 8 }),
    fc.dictionary(fc.oneof(name, text), tie('tree'), { maxKeys: 6 }),
  ),
})).tree;

/** A cell of a CSV file. */
export const csvCell = fc.string({ unit: fc.constantFrom(...'ab"\';,\t\n é😀@. '), maxLength: 12 });

/** A CSV file, or nearly one. Its last byte is no `\r`, which may be half of a line end. */
export const csvText = fc
  .array(fc.constantFrom('\ufeff', 'a', ' ', ';', ';', '"', '"', '""', '";"', '\n', '\r\n', '\r', 'é', '😀'), { maxLength: 40 })
  .map((parts) => parts.join('').replace(/\r+$/, ''));

const digits = fc.integer({ min: 1, max: 99_999_999 }).map(String);
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 });
const hookContact = fc.record(
  {
    id: digits,
    name: text,
    type: fc.constantFrom('contact', 'company'),
    updated_at: digits,
    custom_fields: list(fc.record({ id: digits, code: fc.constantFrom('EMAIL', 'PHONE'), values: list(fc.record({ value: text })) })),
    tags: list(fc.record({ id: digits, name: text })),
  },
  { requiredKeys: ['id'] },
);

const segment = fc.constantFrom(...'add update 0 1 id name tags length __proto__ constructor prototype toString'.split(' '), '');

/** A flat key that may lead anywhere. */
export const flatKey = fc
  .tuple(fc.constantFrom('contacts', 'account', '__proto__'), fc.array(segment, { minLength: 1, maxLength: 5 }))
  .map(([first, others]) => `${first}${others.map((part) => `[${part}]`).join('')}`);

/** A webhook of Kommo, with texts only, as a form carries them. */
export const hookBody = fc.record(
  {
    account: fc.record({ id: digits, subdomain: name }),
    contacts: fc.dictionary(fc.constantFrom('add', 'update', 'delete', 'restore', 'note'), list(hookContact), { minKeys: 1 }),
    leads: fc.record({ add: list(fc.record({ id: digits })) }),
  },
  { requiredKeys: ['contacts'] },
);

/** The texts of a tree by their flat keys, such as `contacts[add][0][id]`. */
export const flatEntries = (value: object, prefix = ''): [string, unknown][] =>
  Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, unknown][] => {
    const path = prefix === '' ? key : `${prefix}[${key}]`;
    return typeof item === 'object' && item !== null ? flatEntries(item, path) : [[path, item]];
  });
