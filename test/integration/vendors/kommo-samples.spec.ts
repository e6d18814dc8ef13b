import { describe, expect, it } from '@jest/globals';
import { parseFormBody, Secret } from '#domain';
import { readContactHook, verifyDisposableToken, verifyUninstallSignature } from '#kommo';
import { listSamples, readJsonSample, readSample } from '../../support/samples.js';

function readHookSample(file: string) {
  const body = file.endsWith('.json') ? readJsonSample<unknown>('kommo', file) : parseFormBody(readSample('kommo', file).trim());
  return readContactHook(body);
}

/** The expected changes of each file, as `action id entity`, and the number of its ignored items. */
const EXPECTED_HOOKS: Readonly<Record<string, readonly [readonly string[], number]>> = {
  'webhook-01-contact-add-2025.form': [['add 37054081 contact'], 0],
  'webhook-02-contact-update-2025.form': [['update 37054081 contact'], 0],
  'webhook-03-lead-add-2025.form': [[], 1],
  'webhook-04-lead-update-2025.form': [[], 1],
  'webhook-07-lead-status-2018-unescaped.form': [[], 1],
  'webhook-10-contact-restore-2016.form': [['restore 1065 contact'], 0],
  'webhook-11-digital-pipeline-lead-status-2023.form': [[], 1],
  'webhook-12-digital-pipeline-lead-add-kommo-2026.json': [[], 1],
  'webhook-20-contact-add-doc.json': [['add 17611273 contact'], 0],
  'webhook-21-contact-update-doc.json': [['update 17611273 contact'], 0],
  'webhook-22-contact-delete-doc.json': [['delete 17611273 contact'], 0],
  'webhook-23-contact-restore-doc.json': [['restore 17611273 contact'], 0],
  'webhook-25-company-add-doc.json': [['add 17612521 company'], 0],
  'webhook-26-company-update-doc.json': [['update 17612521 company'], 0],
  'webhook-27-company-delete-doc.json': [['delete 17612521 company'], 0],
  'webhook-28-contact-note-doc.json': [[], 1],
  'webhook-29-unsorted-update-with-account-doc.json': [[], 1],
  'webhook-30-unsorted-accept-doc.json': [[], 1],
  'webhook-41-mixed-add-and-delete-DERIVED.form': [['add 37054090 contact', 'delete 37054081 contact'], 0],
  'webhook-42-contact-delete-DERIVED.form': [['delete 37054081 contact'], 0],
};

describe("Kommo's recorded and documented hooks", () => {
  it.each(listSamples('kommo', /^webhook-\d/))('%s', (file) => {
    const hook = readHookSample(file);
    const changes = hook.changes.map(({ action, contactId, entityType }) => `${action} ${contactId} ${entityType}`);
    expect([changes, hook.ignored]).toEqual(EXPECTED_HOOKS[file]);
    expect(hook.unreadable).toEqual([]);
  });

  it('reads the account when the hook names it', () => {
    expect(readHookSample('webhook-01-contact-add-2025.form')).toMatchObject({ accountId: 32427762, subdomain: 'etesttask' });
    expect(readHookSample('webhook-10-contact-restore-2016.form')).toMatchObject({ subdomain: 'test000002' });
    expect(readHookSample('webhook-10-contact-restore-2016.form').accountId).toBeUndefined();
    expect(readHookSample('webhook-12-digital-pipeline-lead-add-kommo-2026.json').accountId).toBe(32491523);
  });

  it('reads the whole state of a recorded update', () => {
    expect(readHookSample('webhook-02-contact-update-2025.form').changes[0]?.snapshot).toEqual({
      contactId: 37054081,
      name: 'Абиба абибович',
      emails: [{ value: '444', kind: 718333 }],
      modifiedAtSeconds: 1748292937,
      isDeleted: false,
      tags: [],
      responsibleUserId: 10000698,
      fields: { POSITION: '555', 735647: '555', PHONE: '333', 735649: '333' },
    });
  });

  it('reads every documented kind of field value', () => {
    const snapshot = readHookSample('webhook-20-contact-add-doc.json').changes[0]?.snapshot;
    expect(snapshot?.emails.map(({ value }) => value)).toEqual(['user@example.com']);
    expect(snapshot?.fields).toMatchObject({ PHONE: '1234567890', 782386: '12.01.1980', 791668: 'Text', 791730: '2' });
  });
});

describe("Kommo's signatures", () => {
  const vector = readJsonSample<{ secret: string; token: string; claims: { client_uuid: string; nbf: number } }>(
    'kommo',
    'token-02-disposable-VECTOR.json',
  );

  it('verifies the widget token of the vector', () => {
    const caller = verifyDisposableToken(vector.token, {
      clientId: vector.claims.client_uuid,
      clientSecret: Secret.of(vector.secret),
      redirectUri: 'https://external.integration.io/auth',
      allowedDomains: ['kommo.com'],
      nowSeconds: vector.claims.nbf + 1,
    });
    expect(caller).toMatchObject({ accountId: 12345678, userId: 87654321, isAdmin: undefined });
  });

  it('R46: verifies the uninstall hook of the vector and no other', () => {
    const hook = readJsonSample<{ client_id: string; client_secret: string; account_id: number; signature: string }>(
      'kommo',
      'oauth-22-uninstall-hook-VECTOR.json',
    );
    const good = {
      clientId: hook.client_id,
      clientSecret: Secret.of(hook.client_secret),
      accountId: hook.account_id,
      signature: hook.signature,
    };
    expect(verifyUninstallSignature(good)).toBe(true);
    expect(verifyUninstallSignature({ ...good, accountId: 1 })).toBe(false);
    expect(verifyUninstallSignature({ ...good, clientSecret: Secret.of('other') })).toBe(false);
    expect(verifyUninstallSignature({ ...good, clientSecret: Secret.of('') })).toBe(false);
    for (const signature of ['', 'zz', `${hook.signature}00`, hook.signature.slice(2)])
      expect(verifyUninstallSignature({ ...good, signature })).toBe(false);
  });
});
