import type { Database } from '#database';
import type { ServiceAccount } from '../../test/support/service-account.js';
import { emailOf, FIRST_CONTACT, type HookTarget } from '../hooks/hook-load.js';
import { insertNumbered } from '../plans/loaded-database.js';
import { cpuMsOf } from '../process-figures.js';
import { BenchService } from '../service/bench-service.js';

/** Rows of one statement: a longer one would hold SQLite's lock for seconds. */
const ROWS_PER_INSERT = 100_000;
/** Contacts of a range whose counts are kept. */
const PART_SIZE = 50;

/** A service with one account in sync, whose mirror has contacts with one address each. Its hooks change their names. */
export class MirroredService {
  private constructor(
    readonly service: BenchService,
    readonly account: ServiceAccount,
    readonly target: HookTarget,
  ) {}

  /** Starts a service and writes so many contacts into its mirror, by SQL. */
  static async start(contacts: number): Promise<MirroredService> {
    const service = await BenchService.start();
    try {
      const account = await service.addAccount(0);
      await account.connect();
      await fillMirror(service, account, contacts);
      const target = { ...(await service.hookTarget(account)), contacts, changes: 'name' } as const;
      return new MirroredService(service, account, target);
    } catch (error) {
      await service.stop();
      throw error;
    }
  }

  /** Processor time of API, worker and queue since their start, in ms. */
  cpuMs(): number {
    const { apiPid, workerPid, queuePid } = this.service;
    return [apiPid, workerPid, queuePid].reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  }
}

async function fillMirror({ processes }: BenchService, account: ServiceAccount, contacts: number): Promise<void> {
  const listId = await account.listId();
  const { database } = await processes.openDatabase();
  try {
    for (let first = 0; first < contacts; first += ROWS_PER_INSERT) {
      const count = Math.min(ROWS_PER_INSERT, contacts - first);
      const keys = (n: string) => ({ account_id: `${account.accountId}`, contact_id: `${FIRST_CONTACT + first} + ${n}` });
      const email = (n: string) => `'${emailOf(`' || (${FIRST_CONTACT + first} + ${n}) || '`)}'`;
      await insertNumbered(database, 'contacts', count, (n) => ({
        ...keys(n),
        name: `'Person ' || ${n}`,
        fields: "'{}'",
        tags: "''",
        content_hash: "'hash'",
        modified_at_seconds: '1',
        updated_at: '1',
      }));
      await insertNumbered(database, 'contact_addresses', count, (n) => ({ ...keys(n), email: email(n) }));
      await insertNumbered(database, 'addresses', count, (n) => ({
        account_id: `${account.accountId}`,
        email: email(n),
        origin: "'ours'",
        state: "'present'",
        pushed_hash: "'hash'",
        written_fields: `'["Name"]'`,
        first_sent_at: '1',
        last_sent_at: '1',
        own_list_id: `${listId}`,
        seen_at: '1',
        updated_at: '1',
      }));
    }
    await fillCounts(database, account.accountId, contacts);
  } finally {
    await database.close();
  }
}

/** Writes the counts that the service would keep: it does not count the mirror during the comparison. */
async function fillCounts(database: Database, accountId: number, contacts: number): Promise<void> {
  const parts = contacts / PART_SIZE;
  await database.execute('DELETE FROM contact_parts WHERE account_id = ?', [accountId]);
  await insertNumbered(database, 'contact_parts', parts, (n) => ({
    account_id: `${accountId}`,
    after_id: `CASE WHEN ${n} = 0 THEN 0 ELSE ${FIRST_CONTACT - 1} + ${n} * ${PART_SIZE} END`,
    up_to_id: `CASE WHEN ${n} = ${parts - 1} THEN ${Number.MAX_SAFE_INTEGER} ELSE ${FIRST_CONTACT - 1} + (${n} + 1) * ${PART_SIZE} END`,
    total: `${PART_SIZE}`,
    in_sync: `${PART_SIZE}`,
    is_stale: '0',
  }));
  await database.execute('UPDATE contact_figures SET total = ?, in_sync = ? WHERE account_id = ?', [contacts, contacts, accountId]);
}
