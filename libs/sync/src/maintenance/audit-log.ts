import { Injectable } from '@nestjs/common';
import { type AuditEntity, AuditStore } from '#database';
import { Clock, Logger, errorCodeOf, toIsoTime } from '#domain';
import { EventIds } from '../intake/event-recorder.js';

/** An action before it is done. It contains no secret and no e-mail address. */
export interface AuditedAction {
  /** `operator`, `cli` or `widget:<Kommo user id>`. */
  readonly actor: string;
  /** `noun.verb`, e.g. `run.start`. */
  readonly action: string;
  readonly accountId?: number | undefined;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** An action for the API. */
export interface AuditView {
  readonly audit_id: string;
  /** ISO 8601 */
  readonly at: string | null;
  readonly actor: string;
  readonly action: string;
  readonly account_id: number | null;
  /** `begun`, then `done` or the code of the error. It stays `begun` when the process dies during the action. */
  readonly outcome: string;
  readonly details: unknown;
}

const toView = ({ auditId, at, actor, action, accountId, outcome, details }: AuditEntity): AuditView => ({
  audit_id: auditId,
  at: toIsoTime(at),
  actor,
  action,
  account_id: accountId,
  outcome,
  details,
});

/** Records the actions of operators. An action is recorded before it is done, so that no action is missing. */
@Injectable()
export class AuditLog {
  private readonly ids = new EventIds();

  constructor(
    private readonly audit: AuditStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Records the action, does `work`, and records its outcome. `findAccountId` reads the account from the result when `action` has
   * none. Throws TransientError before `work` when the action cannot be recorded, and what `work` throws.
   */
  async record<Result>(
    action: AuditedAction,
    work: () => Promise<Result>,
    findAccountId: (result: Result) => number | undefined = () => undefined,
  ): Promise<Result> {
    const auditId = await this.begin(action);
    try {
      const result = await work();
      await this.settle(auditId, 'done', findAccountId(result));
      return result;
    } catch (error) {
      await this.settle(auditId, errorCodeOf(error));
      throw error;
    }
  }

  /** Lists actions, newest first. `before` is the last `audit_id` of the previous page. */
  async list({
    limit = 100,
    ...filter
  }: {
    accountId?: number | undefined;
    before?: string | undefined;
    limit?: number | undefined;
  }): Promise<AuditView[]> {
    return (await this.audit.list({ ...filter, limit })).map(toView);
  }

  private async begin({ actor, action, accountId, details = {} }: AuditedAction): Promise<string> {
    const at = this.clock.nowMs();
    const auditId = this.ids.next(at);
    await this.audit.add({ auditId, at, actor, action, accountId: accountId ?? null, outcome: 'begun', details });
    return auditId;
  }

  /** Never throws: the action itself is done or has failed. */
  private async settle(auditId: string, outcome: string, accountId?: number): Promise<void> {
    try {
      await this.audit.settle(auditId, outcome, accountId ?? null);
    } catch (error) {
      this.logger.warn('outcome of an action not recorded', { audit_id: auditId, outcome, error });
    }
  }
}
