import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { BugError, InvalidInputError, Secret } from '#domain';
import { Keyring } from './keyring.js';

const makeKey = (fill: number) => Secret.of(Buffer.alloc(32, fill).toString('base64'));
const CONTEXT = 'accesses.refresh_token:123';

const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return error instanceof BugError ? error.code : error;
  }
  return 'no error';
};

describe('Keyring', () => {
  const keyring = new Keyring(makeKey(1));

  it.each(['def502-token', '', 'Привет 😀', 'x'.repeat(100_000)])('opens a value that it sealed', (text) => {
    expect(keyring.decrypt(keyring.encrypt(text, CONTEXT), CONTEXT).reveal()).toBe(text);
  });

  it('writes v1, the key id, iv, tag and data', () => {
    const keyId = createHash('sha256').update(Buffer.alloc(32, 1)).digest('hex').slice(0, 8);
    expect(keyring.currentKeyId).toBe(keyId);
    expect(keyring.encrypt('text', CONTEXT)).toMatch(new RegExp(`^v1\\.${keyId}\\.[\\w-]{16}\\.[\\w-]{22}\\.[\\w-]+$`));
  });

  it('seals the same text differently each time and does not show it', () => {
    const sealed = [keyring.encrypt('visible text', CONTEXT), keyring.encrypt('visible text', CONTEXT)];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(sealed.join()).not.toContain('visible');
  });

  it('opens with an older key and seals with the current one', () => {
    const old = keyring.encrypt('text', CONTEXT);
    const rotated = new Keyring(makeKey(2), [makeKey(1)]);
    expect(rotated.decrypt(old, CONTEXT).reveal()).toBe('text');
    expect([rotated.isCurrent(old), rotated.isCurrent(rotated.encrypt('text', CONTEXT))]).toEqual([false, true]);
  });

  it('names the missing key', () => {
    const sealed = keyring.encrypt('text', CONTEXT);
    const other = new Keyring(makeKey(2));
    expect(codeOf(() => other.decrypt(sealed, CONTEXT))).toBe('encryption_key_unknown');
    expect(() => other.decrypt(sealed, CONTEXT)).toThrow(keyring.currentKeyId);
  });

  it('rejects a value in another context', () => {
    expect(codeOf(() => keyring.decrypt(keyring.encrypt('text', CONTEXT), 'accesses.refresh_token:124'))).toBe('sealed_value_damaged');
  });

  it('rejects a value with a changed part', () => {
    const parts = keyring.encrypt('some text', CONTEXT).split('.');
    for (const index of [2, 3, 4]) {
      const changed = parts
        .with(
          index,
          (parts[index] ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
        )
        .join('.');
      expect(codeOf(() => keyring.decrypt(changed, CONTEXT))).toBe('sealed_value_damaged');
    }
  });

  it.each(['', 'plain text', 'v1.a.b.c', 'v2.00000000.a.b.c', 'v1.00000000.AAAA.AAAA.AAAA', `${keyring.encrypt('a', CONTEXT)}.x`])(
    'rejects a text that is not sealed: %s',
    (text) => {
      expect(codeOf(() => keyring.decrypt(text, CONTEXT))).toBe('sealed_value_damaged');
    },
  );

  it.each(['', 'short', randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), `${'A'.repeat(42)}!=`])(
    'rejects a key that is not 32 bytes, without showing it',
    (text) => {
      expect(() => new Keyring(Secret.of(text))).toThrow(InvalidInputError);
      expect(() => new Keyring(makeKey(1), [Secret.of(text)])).toThrow(
        /^an encryption key must be 32 bytes in base64 \(openssl rand -base64 32\)$/,
      );
    },
  );
});

describe('Keyring with keys that change while it is used', () => {
  const later = new Keyring(makeKey(2));

  it('seals with a new key as soon as it exists, and opens values of other processes with it', () => {
    const known = { current: makeKey(1), older: [makeKey(1)] };
    const keyring = new Keyring(makeKey(1), [], () => known);
    const old = keyring.encrypt('text', CONTEXT);
    known.current = makeKey(2);
    expect(keyring.decrypt(later.encrypt('text', CONTEXT), CONTEXT).reveal()).toBe('text');
    expect(later.isCurrent(keyring.encrypt('text', CONTEXT))).toBe(true);
    expect(keyring.currentPrefix).toBe(`v1.${later.currentKeyId}.`);
    expect(keyring.decrypt(old, CONTEXT).reveal()).toBe('text');
  });

  it('keeps its keys while they cannot be read', () => {
    const keyring = new Keyring(makeKey(1), [], () => undefined);
    expect(keyring.decrypt(keyring.encrypt('text', CONTEXT), CONTEXT).reveal()).toBe('text');
  });
});
