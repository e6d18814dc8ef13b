import { Injectable } from '@nestjs/common';
import { AccountStore, type PauseEntity, PauseStore } from '#database';
import { InvalidInputError, Logger, type PauseScope, toIsoTime, UNTIL_LIFTED_MS, type Vendor } from '#domain';
import { AccountJobs } from './due-accounts.js';

/** A pause for the operator. */
export interface PauseView {
  readonly scope: PauseScope['kind'];
  /** The vendor, the account's id, the host, the hash of the Unisender key, or that hash and a method as `hash:method`. */
  readonly id: string;
  readonly code: string;
  /** ISO 8601 */
  readonly since: string;
  /** ISO 8601; the year 9999 for a pause that lasts until it is lifted. */
  readonly until: string;
  readonly reason: string | null;
}

/** What an operator chooses. Without `minutes` the pause lasts until it is lifted. */
export interface RequestedPause {
  readonly minutes?: number | undefined;
  readonly reason?: string | undefined;
}

const MINUTE_MS = 60_000;
const LIST_LIMIT = 1_000;
/** The hosts of code exchanges are paused for Kommo, the keys and their methods for Unisender. A vendor's resume lifts their pauses, too. */
const narrowerKinds = { kommo: ['host'], unisender: ['key', 'method'] } as const satisfies Record<Vendor, readonly PauseScope['kind'][]>;

const toView = ({ kind, id, code, since, until, reason }: PauseEntity): PauseView => ({
  scope: kind,
  id,
  code,
  since: toIsoTime(since),
  until: toIsoTime(until),
  reason,
});

const accountScope = (accountId: number): PauseScope => ({ kind: 'account', id: String(accountId) });

/** Lists, sets and lifts the pauses of vendors, accounts, hosts and keys. */
@Injectable()
export class Pauses {
  constructor(
    private readonly pauses: PauseStore,
    private readonly accounts: AccountStore,
    private readonly jobs: AccountJobs,
    private readonly logger: Logger,
  ) {}

  /** Lists active pauses, the longest first, up to 1,000. */
  async list(): Promise<PauseView[]> {
    return (await this.pauses.listActive(LIST_LIMIT)).map(toView);
  }

  /** Stops the jobs of an account. Throws InvalidInputError `not_found` for an unknown account. */
  async pauseAccount(accountId: number, requested: RequestedPause): Promise<PauseView> {
    await this.assertKnown(accountId);
    return this.pause(accountScope(accountId), requested);
  }

  /** Lifts every pause of the account and of its Unisender key, and enqueues its work. Returns how many pauses ended. */
  async resumeAccount(accountId: number): Promise<number> {
    const { unisenderKeyHash } = await this.assertKnown(accountId);
    const ofKey = unisenderKeyHash === null ? 0 : await this.liftKey(unisenderKeyHash);
    const count = ofKey + (await this.pauses.lift(accountScope(accountId)));
    this.logger.info('pauses lifted', { scope: 'account', id: accountId, lifted: count });
    await this.jobs.enqueueIfUsable(accountId);
    return count;
  }

  /** Stops all requests to a vendor. */
  async pauseVendor(vendor: Vendor, requested: RequestedPause): Promise<PauseView> {
    return this.pause({ kind: 'vendor', id: vendor }, requested);
  }

  /**
   * Lifts every pause of a vendor and of the hosts or keys that it refused. Pauses of single accounts stay. Waiting jobs notice it
   * within a minute. Returns how many pauses ended.
   */
  async resumeVendor(vendor: Vendor): Promise<number> {
    let count = await this.pauses.lift({ kind: 'vendor', id: vendor });
    for (const kind of narrowerKinds[vendor]) count += await this.pauses.liftAll(kind);
    this.logger.info('pauses lifted', { scope: 'vendor', id: vendor, lifted: count });
    return count;
  }

  private async liftKey(keyHash: string): Promise<number> {
    return (await this.pauses.lift({ kind: 'key', id: keyHash })) + (await this.pauses.liftMethods(keyHash));
  }

  private async pause(scope: PauseScope, { minutes, reason }: RequestedPause): Promise<PauseView> {
    const pause = await this.pauses.change(scope, 'paused_by_operator', (_last, nowMs) => ({
      since: nowMs,
      until: minutes === undefined ? UNTIL_LIFTED_MS : nowMs + minutes * MINUTE_MS,
      repetitions: 1,
      reason: reason ?? null,
    }));
    this.logger.info('paused by the operator', { scope: scope.kind, id: scope.id, until: toIsoTime(pause.until) });
    return toView(pause);
  }

  private async assertKnown(accountId: number) {
    const account = await this.accounts.find(accountId);
    if (account) return account;
    throw new InvalidInputError('Unknown account', {
      code: 'not_found',
      fields: [{ field: 'account_id', problem: 'is not a known account' }],
    });
  }
}
