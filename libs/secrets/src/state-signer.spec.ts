import { describe, expect, it } from '@jest/globals';
import { Secret } from '#domain';
import { randomToken } from './random-token.js';
import { StateSigner } from './state-signer.js';

const payload = { account_id: 31000001, client_id: '6e2b4c1a-0000-4000-8000-000000000001', nonce: randomToken(16), exp: 1_000 };
const signer = new StateSigner(Secret.of('a key'));

describe('StateSigner', () => {
  it('returns the signed payload until it expires', () => {
    const state = signer.signState(payload);
    expect(signer.verifyState(state, 999)).toEqual(payload);
    expect(signer.verifyState(state, 1_000)).toBeUndefined();
  });

  it('signs a state that needs no escaping in a URL', () => {
    expect(signer.signState(payload)).toMatch(/^[\w-]+\.[\w-]+$/);
  });

  it('rejects a state of another key', () => {
    expect(signer.verifyState(new StateSigner(Secret.of('another')).signState(payload), 0)).toBeUndefined();
  });

  it('rejects a state with a changed payload', () => {
    const [, mac] = signer.signState(payload).split('.');
    const forged = Buffer.from(JSON.stringify({ ...payload, account_id: 1 })).toString('base64url');
    expect(signer.verifyState(`${forged}.${mac}`, 0)).toBeUndefined();
  });

  it.each(['', '.', 'a.b', 'a.b.c', '{}', 'x'.repeat(1_000_000)])('rejects a text that is not a state', (text) => {
    expect(signer.verifyState(text, 0)).toBeUndefined();
  });
});

describe('randomToken', () => {
  it('has 32 bytes by default and never repeats', () => {
    expect(Buffer.from(randomToken(), 'base64url')).toHaveLength(32);
    expect(randomToken(8)).toHaveLength(11);
    expect(new Set(Array.from({ length: 100 }, () => randomToken())).size).toBe(100);
  });
});
