import { systemClock } from '#clock';
import type { Config } from '#config';
import { silentLogger } from '#domain';
import { type PersonalData, type PersonQuery, composeSync } from '#sync';

async function withPersonalData<Result>(config: Config, action: string, query: PersonQuery, work: (data: PersonalData) => Promise<Result>) {
  const composition = await composeSync(config, { clock: systemClock, logger: silentLogger });
  const { audit, personalData } = composition.services;
  try {
    return await audit.record({ actor: 'cli', action, accountId: query.accountId, details: { email: 1 } }, () => work(personalData));
  } finally {
    await composition.close();
  }
}

/** Prints everything that is kept about an address, as JSON. */
export async function exportPerson(config: Config, query: PersonQuery, say: (line: string) => void): Promise<void> {
  const accounts = await withPersonalData(config, 'person.export', query, (data) => data.export(query));
  say(JSON.stringify({ accounts }, undefined, 2));
}

/** Forgets everything that is kept about an address. Returns the exit code: 0, or 1 when Unisender kept what we had put there. */
export async function erasePerson(
  config: Config,
  { json, ...query }: PersonQuery & { readonly json: boolean },
  say: (line: string) => void,
): Promise<number> {
  const accounts = await withPersonalData(config, 'person.erase', query, (data) => data.erase(query));
  if (json) say(JSON.stringify({ accounts }));
  else if (accounts.length === 0) say('Nothing is kept about this address.');
  else
    for (const { account_id, contacts, events, unisender } of accounts)
      say(`Account ${account_id}: ${contacts} contacts and ${events} events erased; in Unisender: ${unisender}.`);
  return accounts.some(({ unisender }) => unisender === 'failed') ? 1 : 0;
}
