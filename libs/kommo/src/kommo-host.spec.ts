import { InvalidInputError } from '#domain';
import { describe, expect, it } from '@jest/globals';
import { findRedirectHost, hasReservedLabel, type KommoHost, parseReferer } from './kommo-host.js';

const domains = ['kommo.com', 'amocrm.com', 'amocrm.ru'];

describe('parseReferer', () => {
  it.each([
    ['example.kommo.com', 'example.kommo.com'],
    ['Example-1.AMOCRM.ru', 'example-1.amocrm.ru'],
    ['https://example.amocrm.com', 'example.amocrm.com'],
    ['https://example.kommo.com/', 'example.kommo.com'],
  ])('R23: accepts %s', (referer, host) => {
    expect(parseReferer(referer, domains)).toBe(host);
  });

  it.each([
    'evil.test',
    'x.kommo.com.evil.test',
    '127.0.0.1',
    'user@host',
    'user@example.kommo.com',
    'https://user:pass@example.kommo.com',
    'example.kommo.com:443',
    'example.kommo.com/path',
    'https://example.kommo.com/path',
    'https://evil.test/example.kommo.com',
    'https://evil.test#example.kommo.com',
    'https://evil.test?example.kommo.com',
    'evil.test\\example.kommo.com',
    'example.kommo.com.',
    'ftp://example.kommo.com',
    'a.b.kommo.com',
    'kommo.com',
    '.kommo.com',
    'www.kommo.com',
    'examplekommo.com',
    'xn--.kommo.com',
    'xn--e1afmkfd.kommo.com',
    'example.ĸommo.com',
    'exаmple.kommo.com',
    'example。kommo.com',
    'example.kommo.com\n',
    ' example.kommo.com',
    '',
    'a'.repeat(400) + '.kommo.com',
    'a'.repeat(64) + '.kommo.com',
  ])('R23: rejects %p and names the field', (referer) => {
    expect(() => parseReferer(referer, domains)).toThrow(InvalidInputError);
    expect(() => parseReferer(referer, domains)).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ field: 'referer' })] }),
    );
  });
});

describe('hasReservedLabel', () => {
  it.each([
    ['developers.kommo.com', true],
    ['support.amocrm.ru', true],
    ['my-support.kommo.com', false],
    ['acme.kommo.com', false],
  ])('S03: %s: %s', (host, isReserved) => expect(hasReservedLabel(host as KommoHost, ['developers', 'support'])).toBe(isReserved));
});

describe('findRedirectHost', () => {
  const rules = { allowedDomains: ['kommo.com', 'amocrm.ru'], reservedLabels: ['developers'] };
  const find = (location: string) => findRedirectHost(location, 'old.kommo.com' as KommoHost, rules);

  it.each([
    ['https://new.kommo.com/api/v4/account', 'new.kommo.com'],
    ['https://NEW.amocrm.ru', 'new.amocrm.ru'],
    ['https://new.kommo.com:443/', 'new.kommo.com'],
    ['//new.kommo.com/x?y=1', 'new.kommo.com'],
  ])('R30: %s leads to %s', (location, host) => expect(find(location)).toBe(host));

  it.each([
    '/login',
    'https://old.kommo.com/login',
    'http://new.kommo.com/',
    'ftp://new.kommo.com/',
    'https://new.kommo.com:8443/',
    'https://user@new.kommo.com/',
    'https://:secret@new.kommo.com/',
    'https://www.kommo.com/',
    'https://developers.kommo.com/',
    'https://kommo.com/',
    'https://a.b.kommo.com/',
    'https://new.kommo.com.evil.test/',
    'https://evil.test/new.kommo.com',
    'https://evil.test#new.kommo.com',
    'https://evil.test\\@new.kommo.com/',
    'https://new.kommo.com./',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://n\u0435w.kommo.com/',
    'https://',
    '',
    `https://new.kommo.com/${'a'.repeat(8_192)}`,
  ])('R23: %p leads to no account', (location) => expect(find(location)).toBeUndefined());
});
