import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountListStore, AccountStore, Database, MailingConsentStore } from '#database';
import {
  AccountBlockedError,
  Clock,
  type ConsentView,
  Logger,
  type Refusals,
  type Secret,
  TransientError,
  isRefusal,
  refusalOfStatus,
} from '#domain';
import { Keyring } from '#secrets';
import { UnisenderMethodDeniedError, UnisenderRejectedError } from '#unisender';
import { formerUnisenderKeyContext } from '../tokens/sealing.js';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { ExportReader } from './export-reader.js';

const BATCH_ROWS = 500;

/** Stores what the former Unisender account of an account shows. */
@Injectable()
export class FormerConsents {
  constructor(
    private readonly accounts: AccountStore,
    private readonly lists: AccountListStore,
    private readonly consents: MailingConsentStore,
    private readonly database: Database,
  ) {}

  /** The lists that were ours in former Unisender accounts. */
  async findLists(work: AccountWork) {
    return this.lists.findFormerLists(work.account);
  }

  /** Adds refusals. They count as refusals of a list of ours: the new Unisender account proves nothing about the former one. */
  async add({ lease }: AccountWork, views: ReadonlyMap<string, ConsentView>): Promise<void> {
    const learnedAtMs = await this.database.nowMs();
    const refusals = [...views].map(([email, { status }]): [string, Refusals] => {
      const list = { kind: refusalOfStatus(status) ?? ('unsubscribed' as const), refusedAtMs: null, learnedAtMs, isUnproven: false };
      return [email, { global: null, list }];
    });
    await lease.write(() => this.consents.addRefusals(lease.accountId, new Map(refusals)));
  }

  /** Forgets the former key. */
  async end({ lease, account }: AccountWork): Promise<void> {
    await lease.write(() => this.accounts.update(lease.accountId, { formerUnisenderKey: null }));
    account.formerUnisenderKey = null;
  }
}

/** Exports that Unisender rejects are asked for again for so long after the change of the key. */
const REJECTED_EXPORTS_MS = 60 * 60_000;

/** Whether another attempt cannot help: the former key is refused, or has no access to exports. */
const isFinal = (error: unknown): boolean => error instanceof AccountBlockedError || error instanceof UnisenderMethodDeniedError;

const toTransient = (error: unknown): unknown =>
  error instanceof UnisenderRejectedError
    ? new TransientError('Unisender rejects the export of the former account', { code: 'unisender_unavailable', cause: error })
    : error;

/** Reads the refusals of the Unisender account that an account used before, while its former key still works. */
@Injectable()
export class FormerUnisenderAccount {
  constructor(
    private readonly exports: ExportReader,
    private readonly former: FormerConsents,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Reads the last export of the former account, once. A key that is refused is forgotten, and so is one whose exports Unisender rejects
   * for an hour. Throws TransientError.
   */
  async learn(work: AccountWork): Promise<void> {
    const { account } = work;
    if (account.formerUnisenderKey === null) return;
    const key = this.keyring.decrypt(account.formerUnisenderKey, formerUnisenderKeyContext(account.accountId));
    try {
      await this.read(work, key);
    } catch (error) {
      if (!isFinal(error) && !this.isRejectedForLong(account, error)) throw toTransient(error);
      this.logger.warn('former Unisender account not readable; its refusals stay as they are known', {
        account_id: account.accountId,
        error,
      });
    }
    await this.former.end(work);
  }

  private isRejectedForLong({ listDecidedAt }: AccountEntity, error: unknown): boolean {
    return error instanceof UnisenderRejectedError && this.clock.nowMs() - listDecidedAt > REJECTED_EXPORTS_MS;
  }

  private async read(work: AccountWork, key: Secret): Promise<void> {
    const ours = await this.former.findLists(work);
    let views = new Map<string, ConsentView>();
    for await (const { email, view } of this.exports.readViews(work, key, ours)) {
      if (isRefusal(view)) views.set(email, view);
      if (views.size < BATCH_ROWS) continue;
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      await this.former.add(work, views);
      views = new Map();
    }
    await this.former.add(work, views);
  }
}
