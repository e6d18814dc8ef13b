import type { Config } from '#config';
import { AuditLog, PersonalData, type PersonQuery } from '#sync';
import { withSync } from './with-sync.js';

async function withPersonalData<Result>(config: Config, action: string, query: PersonQuery, work: (data: PersonalData) => Promise<Result>) {
  return withSync(config, (sync) => {
    const personalData = sync.get(PersonalData, { strict: false });
    const audited = { actor: 'cli', action, accountId: query.accountId, details: { email: 1 } };
    return sync.get(AuditLog, { strict: false }).record(audited, () => work(personalData));
  });
}

/** Prints everything that is stored about an e-mail address, as JSON. */
export async function exportPerson(config: Config, query: PersonQuery, print: (line: string) => void): Promise<void> {
  const accounts = await withPersonalData(config, 'person.export', query, (data) => data.export(query));
  print(JSON.stringify({ accounts }, undefined, 2));
}

/**
 * Erases everything that is stored about an e-mail address. Returns the exit code: 0, or 1 when Unisender did not delete an
 * address that this service added.
 */
export async function erasePerson(
  config: Config,
  { json, ...query }: PersonQuery & { readonly json: boolean },
  print: (line: string) => void,
): Promise<number> {
  const accounts = await withPersonalData(config, 'person.erase', query, (data) => data.erase(query));
  if (json) print(JSON.stringify({ accounts }));
  else if (accounts.length === 0) print('Nothing is stored about this address.');
  else
    for (const { account_id, contacts, events, unisender } of accounts)
      print(`Account ${account_id}: erased ${contacts} contacts and ${events} events; in Unisender: ${unisender}.`);
  return accounts.some(({ unisender }) => unisender === 'failed') ? 1 : 0;
}
