import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyring } from './keyring.js';
import { beginLocalKeyRotation, endLocalKeyRotation, ensureLocalSecrets, findLocalKeys } from './local-secrets.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'local-secrets-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const revealed = (dataDir: string) => {
  const { encryptionKey, operatorToken } = ensureLocalSecrets(dataDir);
  return [encryptionKey.secret.reveal(), operatorToken.secret.reveal()];
};

describe('ensureLocalSecrets', () => {
  it('creates both on the first start, readable by the owner only', () => {
    const made = ensureLocalSecrets(join(root, 'data'));
    expect(new Keyring(made.encryptionKey.secret).currentKeyId).toHaveLength(8);
    expect(made.operatorToken.secret.reveal()).toHaveLength(43);
    for (const { created, file } of Object.values(made)) expect([created, statSync(file).mode & 0o777]).toEqual([true, 0o600]);
    expect(readdirSync(join(root, 'data')).sort()).toEqual(['encryption.key', 'operator.token']);
  });

  it('keeps them on every later start', () => {
    const first = revealed(root);
    expect(revealed(root)).toEqual(first);
    expect(Object.values(ensureLocalSecrets(root)).map(({ created }) => created)).toEqual([false, false]);
  });

  it('rejects an empty key file and creates no other key', () => {
    ensureLocalSecrets(root);
    writeFileSync(join(root, 'encryption.key'), '');
    expect(() => ensureLocalSecrets(root)).toThrow(/encryption\.key is empty/);
  });

  it('rejects a damaged key file', () => {
    writeFileSync(join(root, 'encryption.key'), 'not a key');
    expect(() => ensureLocalSecrets(root)).toThrow(/32 bytes/);
  });
});

describe('the rotation of a local key', () => {
  const ROTATION = 'encryption.key.rotation';
  const keys = () => {
    const found = findLocalKeys(root);
    return { current: found?.current.reveal(), older: found?.older.map((key) => key.reveal()) };
  };

  it('replaces the key and keeps the old one until the end', () => {
    const [old] = revealed(root);
    beginLocalKeyRotation(root);
    const { current, older } = keys();
    expect(current).not.toBe(old);
    expect(older).toEqual([old, current]);
    for (const file of ['encryption.key', ROTATION]) expect(statSync(join(root, file)).mode & 0o777).toBe(0o600);
    endLocalKeyRotation(root);
    expect(keys()).toEqual({ current, older: [] });
    expect(revealed(root)[0]).toBe(current);
    expect(readdirSync(root).sort()).toEqual(['encryption.key', 'operator.token']);
  });

  it('continues with the same new key after it was killed at any point', () => {
    const [old = ''] = revealed(root);
    writeFileSync(join(root, ROTATION), `${old}\n`);
    beginLocalKeyRotation(root);
    const { current = '' } = keys();
    expect(current).not.toBe(old);
    writeFileSync(join(root, 'encryption.key'), `${old}\n`);
    beginLocalKeyRotation(root);
    beginLocalKeyRotation(root);
    expect(keys()).toEqual({ current, older: [old, current] });
  });

  it('finds no keys when they are missing or damaged', () => {
    expect(findLocalKeys(root)).toBeUndefined();
    writeFileSync(join(root, 'encryption.key'), 'not a key');
    expect(findLocalKeys(root)).toBeUndefined();
  });
});
