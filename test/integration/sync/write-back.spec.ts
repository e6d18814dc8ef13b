import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SyncWorld } from '../../support/sync-world.js';
import { ShiftedClock } from '../../support/sync-harness.js';
import { openTestDatabases } from '../../support/test-databases.js';

interface TaggedContact {
  readonly _embedded: { readonly tags: readonly { readonly name: string }[] | null };
}

describe('the write-back of an unsubscribe', () => {
  const databases = openTestDatabases('sqlite');
  const clock = new ShiftedClock();
  let sandbox: Sandbox;
  let world: SyncWorld;

  beforeEach(async () => {
    sandbox = await startSandbox({ clock });
    world = await SyncWorld.open({ database: await databases.open(), sandbox, clock });
  });
  afterEach(async () => {
    await world.close();
    await sandbox.close();
  });

  it('tags the contacts that exist when another one was deleted without a hook', async () => {
    const account = await world.addAccount();
    const existing = await account.create({ name: 'Anna', emails: ['shared@example.com'] });
    const deleted = await account.create({ name: 'Boris', emails: ['shared@example.com'] });
    await account.connect();
    await account.remove(deleted, { silent: true });
    await account.unsubscribe('shared@example.com');
    await world.settle();
    const contact = await world.control.get<TaggedContact>(`/kommo/accounts/${account.accountId}/contacts/${existing}`);
    expect(contact._embedded.tags?.map(({ name }) => name)).toEqual(['Unisender: unsubscribed']);
  });

  it('R77: tags all contacts when Kommo answers larger calls with 413', async () => {
    const account = await world.addAccount();
    const people = Array.from({ length: 8 }, (_, index) => ({ name: `P${index}`, emails: ['many@example.com'], hooks: false }));
    const ids = await account.createMany(people);
    await account.connect();
    await account.unsubscribe('many@example.com');
    await world.control.fault({ target: 'kommo', kind: '413', match: 'PATCH', times: 3 });
    await world.settle();
    const tagged = ids.map((id) => world.control.get<TaggedContact>(`/kommo/accounts/${account.accountId}/contacts/${id}`));
    const tags = (await Promise.all(tagged)).map((contact) => contact._embedded.tags?.map(({ name }) => name));
    expect(tags).toEqual(ids.map(() => ['Unisender: unsubscribed']));
  });
});
