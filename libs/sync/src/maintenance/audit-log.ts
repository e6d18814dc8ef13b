import type { AuditEntity } from '#database';
import { errorCodeOf, toIsoTime } from '#domain';
import type { SyncContext } from '../context.js';
import { EventIds } from '../intake/event-recorder.js';

/** What somebody is about to do. Nothing secret and no e-mail belongs here. */
export interface AuditedAction {
  /** `operator`, `cli` or `widget:<Kommo user id>`. */
  readonly actor: string;
  /** `noun.verb`, e.g. `run.start`. */
  readonly action: string;
  readonly accountId?: number | undefined;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** A action as the API shows it. */
export interface AuditView {
  readonly audit_id: string;
  /** ISO 8601 */
  readonly at: string | null;
  readonly actor: string;
  readonly action: string;
  readonly account_id: number | null;
  /** `begun` while it goes on, or when the process died meanwhile; then `done` or the code of the failure. */
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

/** What operators did. A action is written down before it is done: nothing can be done that leaves no trace. */
export class AuditLog {
  private readonly ids = new EventIds();

  constructor(private readonly context: SyncContext) {}

  /**
   * Does `work` between its two marks in the log. `findAccountId` reads from the result to whom it was done, where the action
   * could not say. Throws TransientError, with nothing done, when the log cannot be written; else what `work` throws.
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

  /** Newest first; `before` is the last `audit_id` of the page before. */
  async list({
    limit = 100,
    ...filter
  }: {
    accountId?: number | undefined;
    before?: string | undefined;
    limit?: number | undefined;
  }): Promise<AuditView[]> {
    return (await this.context.stores.audit.list({ ...filter, limit })).map(toView);
  }

  private async begin({ actor, action, accountId, details = {} }: AuditedAction): Promise<string> {
    const at = this.context.clock.nowMs();
    const auditId = this.ids.next(at);
    const row = { auditId, at, actor, action, accountId: accountId ?? null, outcome: 'begun', details };
    await this.context.stores.audit.add(row);
    return auditId;
  }

  /** The action is done or has failed already: that its end could not be written changes nothing for its caller. */
  private async settle(auditId: string, outcome: string, accountId?: number): Promise<void> {
    try {
      await this.context.stores.audit.settle(auditId, outcome, accountId ?? null);
    } catch (error) {
      this.context.logger.warn('the end of a action was not written down', { audit_id: auditId, outcome, error });
    }
  }
}
