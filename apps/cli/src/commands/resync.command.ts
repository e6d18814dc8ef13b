import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '#config';
import { InvalidInputError } from '#domain';
import { AccountHistory, AccountQueries, AddressViews, AuditLog, Resync, type ResyncTarget } from '#sync';
import { withSync } from './with-sync.js';

interface CommandOutput {
  readonly json: boolean;
  readonly print: (line: string) => void;
}

const CONTACT_ID = /^[1-9]\d{0,15}$/;
const SHOWN = 1_000;

function toTarget(what: string): ResyncTarget {
  if (what === 'all-failing') return { kind: 'all_failing' };
  if (CONTACT_ID.test(what)) return { kind: 'contact', contactId: Number(what) };
  if (what.includes('@')) return { kind: 'address', email: what };
  throw new InvalidInputError(`${what} is neither a contact id, an e-mail address nor all-failing`);
}

/** The account of the option; without it the only account there is. Throws InvalidInputError when there are several. */
async function findAccountId(sync: INestApplicationContext, accountId: number | undefined): Promise<number> {
  if (accountId !== undefined) return accountId;
  const [only, other] = await sync.get(AccountQueries, { strict: false }).list({ limit: 2 });
  if (only && !other) return only.account_id;
  throw new InvalidInputError('Name the account with --account', { fields: [{ field: 'account', problem: 'is required' }] });
}

/**
 * Syncs a contact, an address or all failing addresses again. The account may be left out when there is only one. Throws
 * InvalidInputError.
 */
export async function resync(
  config: Config,
  what: string,
  { accountId: named, json, print }: CommandOutput & { readonly accountId: number | undefined },
): Promise<void> {
  const target = toTarget(what);
  await withSync(config, async (sync) => {
    const accountId = await findAccountId(sync, named);
    const action = { actor: 'cli', action: 'account.resync', accountId, details: { target: target.kind } };
    const count = await sync
      .get(AuditLog, { strict: false })
      .record(action, () => sync.get(Resync, { strict: false }).request(accountId, target));
    print(json ? JSON.stringify({ addresses: count }) : `${count} known addresses are synced again.`);
  });
}

/** Prints the failing addresses of an account, or the buried jobs of all accounts without one. */
export async function failures(config: Config, accountId: number | undefined, { json, print }: CommandOutput): Promise<void> {
  await withSync(config, async (sync) => {
    if (accountId === undefined) {
      const jobs = await sync.get(AccountHistory, { strict: false }).listFailures(undefined, SHOWN);
      for (const { tube, code, reason, failedAt } of jobs) {
        print(json ? JSON.stringify({ tube, code, reason, failed_at: failedAt }) : `${tube}  ${code}  ${reason}`);
      }
      return;
    }
    const views = sync.get(AddressViews, { strict: false });
    for (let after: string | undefined; ;) {
      const page = await views.list(accountId, { state: 'failing', after, limit: SHOWN });
      for (const address of page.addresses) {
        const { contact_id: contactId, email, code, cause, attempts } = address;
        print(json ? JSON.stringify(address) : [contactId ?? '-', email, code ?? '', cause ?? '', attempts].join('  '));
      }
      if (page.next === null) return;
      after = page.next;
    }
  });
}
