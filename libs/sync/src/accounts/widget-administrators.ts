import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { Clock, InvalidInputError, Logger, ServiceError } from '#domain';
import { KommoClient } from '#kommo';
import { TokenService } from '../tokens/token-service.js';
import type { WidgetUser } from './widget-authority.js';

const RESULT_VALID_MS = 5 * 60_000;
const MAX_RESULTS = 1_000;

interface KnownResult {
  readonly isAdministrator: boolean;
  readonly validUntilMs: number;
}

/** Decides which users of the widget may change anything: the administrators of the account in Kommo. */
@Injectable()
export class WidgetAdministrators {
  /** By account and user, the oldest first. */
  private readonly results = new Map<string, KnownResult>();

  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly config: Config,
  ) {}

  /**
   * Accepts an administrator. The claim of the widget token decides. Without the claim the rights are read from Kommo with the
   * tokens of the account; a result is used for five minutes. Throws InvalidInputError `administrator_required` for any other user,
   * and when Kommo does not confirm the rights.
   */
  async require(user: WidgetUser): Promise<void> {
    if (user.isAdmin ?? (await this.isAdministrator(user))) return;
    throw new InvalidInputError(
      'Kommo does not confirm that you are an administrator of the account. ' +
        `Ask an administrator, or the operator of the console at ${this.config.publicUrl}/console/`,
      { code: 'administrator_required' },
    );
  }

  private async isAdministrator(user: WidgetUser): Promise<boolean> {
    const key = `${user.accountId}:${user.userId}`;
    const known = this.results.get(key);
    if (known && this.clock.nowMs() < known.validUntilMs) return known.isAdministrator;
    const isAdministrator = await this.readFromKommo(user);
    if (isAdministrator !== undefined) this.keep(key, isAdministrator);
    return isAdministrator ?? false;
  }

  /** Undefined when Kommo gave no response, or the account has no valid tokens. */
  private async readFromKommo({ accountId, userId }: WidgetUser): Promise<boolean | undefined> {
    try {
      const user = await this.tokens.withSession(accountId, (session) => this.kommo.findUser(session, userId));
      return user?.isAdministrator ?? false;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.kind === 'bug') throw error;
      this.logger.warn('administrator rights not confirmed', { account_id: accountId, user_id: userId, error });
      return undefined;
    }
  }

  private keep(key: string, isAdministrator: boolean): void {
    this.results.delete(key);
    const [oldest] = this.results.keys();
    if (oldest !== undefined && this.results.size >= MAX_RESULTS) this.results.delete(oldest);
    this.results.set(key, { isAdministrator, validUntilMs: this.clock.nowMs() + RESULT_VALID_MS });
  }
}
