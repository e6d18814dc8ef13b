import { describe, expect, it } from '@jest/globals';
import { maskEmail, maskText } from './mask-text.js';

const JWT = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiI2ZTJiIn0.c2lnbmF0dXJl';
const REFRESH = `def50200${'a1b2c3'.repeat(40)}`;
const KEY = '6vxyz1234567890abcdefghijklmnopqrstuvwxyz1234567890ab';

describe('maskEmail', () => {
  it.each([
    ['ivan@example.com', 'i***@e***.com'],
    ['a@b.ru', 'a***@b***.ru'],
    ['иван@почта.рф', 'и***@п***.рф'],
    ['ivan+tag@mail.sub.example.co', 'i***@m***.co'],
    ['root@localhost', 'r***@l***'],
    ['ivan%40example.com', 'i***@e***.com'],
    ['no address', '***'],
    ['', '***'],
  ])('masks %s as %s', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });
});

describe('maskText', () => {
  it.each([
    ['contact ivan@example.com was sent', 'contact i***@e***.com was sent'],
    ['"a@b.com","c@d.org"', '"a***@b***.com","c***@d***.org"'],
    ['<mailto:ivan@example.com>', '<mailto:i***@e***.com>'],
    ['?email=ivan%40example.com&x=1', '?email=i***@e***.com&x=1'],
    ['cut in the middle ivan@exam', 'cut in the middle i***@e***'],
    [`token ${JWT} refused`, 'token *** refused'],
    [`cut ${JWT.slice(0, 20)}`, 'cut ***'],
    [`Authorization: Bearer ${JWT}`, 'Authorization: ***'],
    ['sent Bearer abc.def', 'sent Bearer ***'],
    ['POST /getLists?format=json&api_key=abc123&page=1', 'POST /getLists?format=json&api_key=***&page=1'],
    ['{"access_token":"abc","expires_in":1}', '{"access_token":"***","expires_in":1}'],
    ['{\\"refresh_token\\":\\"abc\\"}', '{\\"refresh_token\\":\\"***\\"}'],
    ['client_secret=abc; client_id=1', 'client_secret=***; client_id=1'],
    ['code=abc&state=word', 'code=***&state=***'],
    ['state=a.b', 'state=***'],
    ['/auth?state=word&x=1', '/auth?state=***&x=1'],
    ['/auth?code=def50200abc&state=a.b&referer=x.kommo.com', '/auth?code=***&state=***&referer=x.kommo.com'],
    [`refresh ${REFRESH}!`, 'refresh ***!'],
    [`key ${KEY}, list 5`, 'key ***, list 5'],
    ['https://sync.example/webhook/AbC-123?x=1', 'https://sync.example/webhook/***?x=1'],
    ['/unisender/webhook/AbC-123', '/unisender/webhook/***'],
    ['mysql://sync:p4ss@db:3306/contacts', 'mysql://***@db:3306/contacts'],
  ])('hides the secrets in %s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it.each([
    'Creating response with 200 status code.',
    'exit code=1, status code: 500',
    'GET /sync/contacts/12?id=31000001',
    'at run (/srv/node_modules/@nestjs/core/nest-application.js:12:5)',
    'the run has state=running now, state=waiting_for_confirmation before',
    'run 6e2b4c1a-9a4e-4f0e-8a52-1d0f7b1c2d3e is waiting_for_confirmation',
    'Привет, мир',
  ])('does not change: %s', (text) => {
    expect(maskText(text)).toBe(text);
  });

  it('escapes control characters, so that a text cannot forge a line', () => {
    const forged = 'name\r\n[2026-11-05] Api . ERROR: forged\u001b[31m\u0000\u2028\u202e';
    expect(maskText(forged)).toBe('name\\r\\n[2026-11-05] Api . ERROR: forged\\u001b[31m\\u0000\\u2028\\u202e');
  });

  it('cuts a long text and shows how many characters are missing', () => {
    expect(maskText('я'.repeat(5_000))).toBe(`${'я'.repeat(4_000)}… (1000 more)`);
  });

  it.each([
    ['one word', 'a'],
    ['at signs', '@'],
    ['half e-mail addresses', 'a@'],
    ['encoded at signs', 'a%40'],
    ['dashes', '-'],
    ['key words', 'key-'],
    ['names of secrets', 'token'],
    ['quotes', '"'],
    ['slashes', '//'],
    ['blanks', ' '],
    ['blanks after a name', 'key     '],
    ['starts of tokens', 'eyJ'],
    ['dots', 'eyJaaaaaaaa.'],
  ])('takes little time on a hostile text: %s', (_name, part) => {
    const text = part.repeat(4_000);
    const started = process.cpuUsage().user;
    for (let round = 0; round < 5; round += 1) maskText(text);
    expect((process.cpuUsage().user - started) / 5_000).toBeLessThan(40);
  });
});
