import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContactStore } from '#database';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { type BodyValue, parseFormBody, parseJsonBody } from '#domain';
import { KommoInbox } from '#sync';
import { listSamples, readSample } from '../../support/samples.js';
import { ShiftedClock } from '../../support/sync-harness.js';
import { SyncWorld } from '../../support/sync-world.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

interface Effect {
  /** Contacts that exist in Kommo when the hook arrives, with one address each. */
  readonly existing?: readonly number[];
  /** The list afterwards: name by address. */
  readonly onList: Readonly<Record<string, string>>;
  /** The contact in the mirror afterwards; absent when the hook concerns no contact. */
  readonly mirror?: Readonly<Record<number, 'existing' | 'deleted'>>;
}

const nothing: Effect = { onList: {} };
const documented: Effect = { onList: { 'user@example.com': 'Contact Name' }, mirror: { 17611273: 'existing' } };

/** The effect of each file by the reference (reference/kommo.md 5.3, 5.4, 7). */
const effects: Readonly<Record<string, Effect>> = {
  'webhook-01-contact-add-2025.form': { onList: {}, mirror: { 37054081: 'existing' } },
  'webhook-02-contact-update-2025.form': { onList: {}, mirror: { 37054081: 'existing' } },
  'webhook-03-lead-add-2025.form': nothing,
  'webhook-04-lead-update-2025.form': nothing,
  'webhook-07-lead-status-2018-unescaped.form': nothing,
  'webhook-10-contact-restore-2016.form': { existing: [1065], onList: { 'c1065@example.com': 'Kommo 1065' }, mirror: { 1065: 'existing' } },
  'webhook-11-digital-pipeline-lead-status-2023.form': nothing,
  'webhook-12-digital-pipeline-lead-add-kommo-2026.json': nothing,
  'webhook-20-contact-add-doc.json': documented,
  'webhook-21-contact-update-doc.json': documented,
  'webhook-22-contact-delete-doc.json': { onList: {}, mirror: { 17611273: 'deleted' } },
  'webhook-23-contact-restore-doc.json': {
    existing: [17611273],
    onList: { 'c17611273@example.com': 'Kommo 17611273' },
    mirror: { 17611273: 'existing' },
  },
  'webhook-25-company-add-doc.json': nothing,
  'webhook-26-company-update-doc.json': nothing,
  'webhook-27-company-delete-doc.json': nothing,
  'webhook-28-contact-note-doc.json': nothing,
  'webhook-29-unsorted-update-with-account-doc.json': nothing,
  'webhook-30-unsorted-accept-doc.json': nothing,
  'webhook-41-mixed-add-and-delete-DERIVED.form': {
    existing: [37054090],
    onList: { 'c37054090@example.com': 'Kommo 37054090' },
    mirror: { 37054090: 'existing', 37054081: 'deleted' },
  },
  'webhook-42-contact-delete-DERIVED.form': { onList: {}, mirror: { 37054081: 'deleted' } },
};

const decode = (file: string): BodyValue | undefined => {
  const bytes = Buffer.from(readSample('kommo', file));
  return file.endsWith('.form') ? parseFormBody(bytes) : parseJsonBody(bytes);
};

/** The account in the body, or another one. */
function accountIdOf(body: BodyValue | undefined): number {
  const text = JSON.stringify(body);
  const named = /"account":\{[^}]*?"id":"(\d+)"/.exec(text) ?? /"account\[id\]":"(\d+)"/.exec(text);
  return Number(named?.[1] ?? 32_720_107);
}

describe.each(testDatabaseKinds())('recorded and documented hooks on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const clock = new ShiftedClock();
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
  });
  afterAll(() => sandbox.close());

  it('are all listed in this file', () => {
    expect(Object.keys(effects)).toEqual(listSamples('kommo', /^webhook-\d/));
  });

  it.each(Object.entries(effects))('%s has the effect that the reference says', async (file, effect) => {
    const world = await SyncWorld.open({ database: await databases.open(), sandbox, clock });
    const body = decode(file);
    const account = await world.addAccount(accountIdOf(body));
    await account.connect();
    for (const id of effect.existing ?? []) {
      await account.create({ id, name: `Kommo ${id}`, emails: [`c${id}@example.com`], hooks: false });
    }
    await world.harness.get(KommoInbox).receive(account.accountId, body);
    await world.settle();
    const versions = await world.harness.get(ContactStore).findVersions(account.accountId, Object.keys(effect.mirror ?? {}).map(Number));
    expect(await account.onList()).toEqual(effect.onList);
    expect(Object.fromEntries([...versions].map(([id, { isDeleted }]) => [id, isDeleted ? 'deleted' : 'existing']))).toEqual(
      effect.mirror ?? {},
    );
    await world.close();
  });
});
