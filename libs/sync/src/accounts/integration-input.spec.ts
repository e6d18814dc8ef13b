import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '#domain';
import { type IntegrationInput, assertAccountId, assertIntegrationInput } from './integration-input.js';

const good: IntegrationInput = {
  clientId: '0b0123f4-d123-4123-9123-e09f123456ca',
  clientSecret: 'S3cret/+=',
  redirectUri: 'https://sync.example.org/auth?x=1',
};

const badFieldsOf = (check: () => void): string[] => {
  try {
    check();
    return [];
  } catch (error) {
    return error instanceof InvalidInputError ? error.fields.map(({ field }) => field) : ['not an InvalidInputError'];
  }
};

describe('assertIntegrationInput', () => {
  it.each<[string, Partial<IntegrationInput>]>([
    ['https', {}],
    ['http on this machine', { redirectUri: 'http://localhost:8080/auth' }],
    ['a domain', { domain: 'kommo.com' }],
  ])('accepts %s', (_name, change) => {
    expect(badFieldsOf(() => assertIntegrationInput({ ...good, ...change }))).toEqual([]);
  });

  it.each<[string, Partial<IntegrationInput>]>([
    ['client_id', { clientId: '' }],
    ['client_id', { clientId: 'a b' }],
    ['client_id', { clientId: 'x'.repeat(65) }],
    ['client_secret', { clientSecret: '' }],
    ['client_secret', { clientSecret: 'line\nbreak' }],
    ['client_secret', { clientSecret: 'x'.repeat(256) }],
    ['redirect_uri', { redirectUri: '' }],
    ['redirect_uri', { redirectUri: '/auth' }],
    ['redirect_uri', { redirectUri: 'ftp://sync.example.org/auth' }],
    ['redirect_uri', { redirectUri: 'javascript:alert(1)' }],
    ['redirect_uri', { redirectUri: ' https://sync.example.org/auth' }],
    ['redirect_uri', { redirectUri: 'https://sync.example.org/auth#part' }],
    ['redirect_uri', { redirectUri: 'https://user:word@sync.example.org/auth' }],
    ['redirect_uri', { redirectUri: `https://sync.example.org/${'x'.repeat(1024)}` }],
    ['domain', { domain: '' }],
    ['domain', { domain: 'two words' }],
  ])('names %s in %j', (field, change) => {
    expect(badFieldsOf(() => assertIntegrationInput({ ...good, ...change }))).toEqual([field]);
  });

  it('names every bad field and does not show the secret', () => {
    const input = { clientId: '', clientSecret: 'with space', redirectUri: '', domain: ' ' };
    expect(badFieldsOf(() => assertIntegrationInput(input))).toEqual(['client_id', 'client_secret', 'redirect_uri', 'domain']);
    expect(() => assertIntegrationInput(input)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('with space') }));
  });
});

describe('assertAccountId', () => {
  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])('refuses %d', (accountId) => {
    expect(badFieldsOf(() => assertAccountId(accountId))).toEqual(['account_id']);
  });

  it('accepts an id of Kommo', () => {
    expect(badFieldsOf(() => assertAccountId(32_000_001))).toEqual([]);
  });
});
