import { Injectable } from '@nestjs/common';
import { type AccessEntity, AccessStore, AccountStore, GapStore, type SealedPair } from '#database';
import { BugError } from '#domain';
import { Keyring } from '#secrets';
import { accessTokenContext, refreshTokenContext } from '../tokens/sealing.js';
import { readAccounts } from './account-rounds.js';

/** The token pair of an account in the database that a backup replaces. */
export type ReplacedTokens = Pick<AccessEntity, 'accountId' | 'accessToken' | 'refreshToken' | 'expiresAt' | 'refreshedAt'>;

/** Ids of accounts by what became of their tokens. */
export interface RestorationReport {
  /** A newer pair was taken from the replaced database. */
  readonly taken: readonly number[];
  /** The tokens were renewed after the backup, and no key opens the newer pair: the account must be authorised again. */
  readonly lost: readonly number[];
  /** The replaced database does not show whether the tokens were renewed. */
  readonly unknown: readonly number[];
  /** Accounts with a gap: a worker reconciles those that are active. */
  readonly reconciled: readonly number[];
}

const CAUSE = 'restored from a backup';

/** Brings a restored database up to the present. */
@Injectable()
export class Restoration {
  constructor(
    private readonly accounts: AccountStore,
    private readonly accesses: AccessStore,
    private readonly gaps: GapStore,
    private readonly keyring: Keyring,
  ) {}

  /**
   * Takes newer tokens from the replaced database, because Kommo's refresh tokens are valid once, and opens a gap for each account, so that
   * a worker reconciles it. `replaced` is undefined when that database cannot be read. Safe to repeat.
   */
  async run(replaced: readonly ReplacedTokens[] | undefined): Promise<RestorationReport> {
    const report = { taken: [] as number[], lost: [] as number[], unknown: [] as number[], reconciled: [] as number[] };
    const newer = new Map(replaced?.map((pair) => [pair.accountId, pair]));
    for await (const { accountId } of readAccounts(this.accounts)) {
      const outcome = await this.settleTokens(accountId, newer.get(accountId));
      if (outcome !== 'current') report[outcome].push(accountId);
      await this.gaps.open(accountId, CAUSE);
      report.reconciled.push(accountId);
    }
    return report;
  }

  private async settleTokens(accountId: number, replaced: ReplacedTokens | undefined): Promise<'current' | 'taken' | 'lost' | 'unknown'> {
    const restored = await this.accesses.find(accountId);
    if (!restored) return 'current';
    if (!replaced) return 'unknown';
    if (replaced.refreshedAt <= restored.refreshedAt) return 'current';
    const pair = this.encryptAgain(replaced);
    if (!pair) return 'lost';
    await this.accesses.save(accountId, pair, replaced.expiresAt);
    return 'taken';
  }

  /** Encrypts the pair with the key of the restored database. Undefined when no key opens it. */
  private encryptAgain({ accountId, accessToken, refreshToken }: ReplacedTokens): SealedPair | undefined {
    const encryptAgain = (sealed: string, context: string) => this.keyring.encrypt(this.keyring.decrypt(sealed, context).reveal(), context);
    try {
      return {
        accessToken: encryptAgain(accessToken, accessTokenContext(accountId)),
        refreshToken: encryptAgain(refreshToken, refreshTokenContext(accountId)),
      };
    } catch (error) {
      if (error instanceof BugError) return undefined;
      throw error;
    }
  }
}
