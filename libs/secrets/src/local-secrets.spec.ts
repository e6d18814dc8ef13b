import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyring } from './keyring.js';
import { ensureLocalSecrets } from './local-secrets.js';

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
  it('makes both on the first start, readable by the owner alone', () => {
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

  it('refuses an emptied key file instead of making another key', () => {
    ensureLocalSecrets(root);
    writeFileSync(join(root, 'encryption.key'), '');
    expect(() => ensureLocalSecrets(root)).toThrow(/encryption\.key is empty/);
  });

  it('refuses a damaged key file', () => {
    writeFileSync(join(root, 'encryption.key'), 'not a key');
    expect(() => ensureLocalSecrets(root)).toThrow(/32 bytes/);
  });
});
