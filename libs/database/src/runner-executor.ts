import type { QueryRunner } from 'typeorm';
import { BugError } from '#domain';
import { ConflictError, toServiceError } from './database-errors.js';
import type { DatabaseKind, SqlValue, Tx } from './executor.js';

/** mysql2 would write an array or object into the statement as SQL. */
const isBindable = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** Executes on one connection, as long as it is lent. */
export class RunnerExecutor implements Tx {
  readonly isTransaction = true;
  private open = true;
  private conflict: ConflictError | undefined;

  constructor(
    readonly kind: DatabaseKind,
    private readonly runner: QueryRunner,
  ) {}

  get isOpen(): boolean {
    return this.open;
  }

  async query<R extends object = Record<string, unknown>>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    const { records } = await this.run<R>(sql, params);
    return records;
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    const { affected } = await this.run(sql, params);
    return affected ?? 0;
  }

  async begin(): Promise<void> {
    await this.execute(this.kind === 'sqlite' ? 'BEGIN IMMEDIATE' : 'START TRANSACTION');
  }

  /** Throws the conflict that undid the transaction, also when its user has swallowed it. */
  async commit(): Promise<void> {
    if (this.conflict) {
      throw this.conflict;
    }
    await this.execute('COMMIT');
  }

  /** Never throws. A MySQL connection that cannot even roll back must not return to the pool. */
  async rollBack(): Promise<void> {
    try {
      await this.execute('ROLLBACK');
    } catch {
      await this.destroyConnection();
    }
  }

  /** Gives the connection back; whoever still holds the executor is refused. */
  async close(): Promise<void> {
    this.open = false;
    await this.runner.release();
  }

  private async destroyConnection(): Promise<void> {
    if (this.kind === 'mysql') {
      await this.runner.connect().then(
        (connection: { destroy(): void }) => connection.destroy(),
        () => undefined,
      );
    }
  }

  private async run<R>(sql: string, params: readonly SqlValue[]): Promise<{ records: R[]; affected?: number }> {
    if (!this.open) {
      throw new BugError('a transaction was used after its end', { code: 'database_transaction_ended' });
    }
    if (!params.every(isBindable)) {
      throw new BugError(`a value of "${sql.slice(0, 200)}" cannot be bound`, { code: 'database_value_not_bindable' });
    }
    try {
      return (await this.runner.query(sql, [...params], true)) as { records: R[]; affected?: number };
    } catch (error) {
      const translated = toServiceError(error, sql);
      this.conflict ??= translated instanceof ConflictError ? translated : undefined;
      throw translated;
    }
  }
}
