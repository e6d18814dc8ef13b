import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Clock, InvalidInputError } from '#domain';
import { EncryptionKeyCheck } from '../maintenance/encryption-key-check.js';
import { type Finding, ok, problem } from './finding.js';

/** What is known about the database. The values are null when it does not respond. */
export interface DatabaseState {
  readonly kind: 'sqlite' | 'mysql';
  readonly isUp: boolean;
  readonly version: string | null;
  /** Migrations that it has not run. */
  readonly pendingMigrations: readonly string[] | null;
  /** Migrations that this version of the service does not know. */
  readonly unknownMigrations: readonly string[] | null;
  /** The clock of the database minus that of this process. */
  readonly clockDifferenceMs: number | null;
}

const TOLERABLE_DIFFERENCE_MS = 5_000;
const LARGE_DIFFERENCE_MS = 60_000;

/** Checks the database: it reads and writes, its schema is current, its clock agrees, and the encryption key is the right one. */
@Injectable()
export class DatabaseChecks {
  constructor(
    private readonly database: Database,
    private readonly encryptionKey: EncryptionKeyCheck,
    private readonly clock: Clock,
  ) {}

  /** Reads the state. Never throws. */
  async readState(): Promise<DatabaseState> {
    const { kind } = this.database;
    const down = { kind, isUp: false, version: null, pendingMigrations: null, unknownMigrations: null, clockDifferenceMs: null };
    if (!(await this.database.isReady())) return down;
    try {
      const askedAtMs = this.clock.nowMs();
      const databaseMs = await this.database.nowMs();
      const clockDifferenceMs = Math.round(databaseMs - (askedAtMs + this.clock.nowMs()) / 2);
      return {
        kind,
        isUp: true,
        version: await this.database.version(),
        pendingMigrations: await this.database.pendingMigrations(),
        unknownMigrations: await this.database.unknownMigrations(),
        clockDifferenceMs,
      };
    } catch {
      return down;
    }
  }

  /** Returns the findings. Never throws. */
  async run(state: DatabaseState): Promise<Finding[]> {
    if (!state.isUp) {
      const message = 'The database does not respond';
      return [problem('database', 'error', { message, remedy: 'Start the database, and check DATABASE_URL.' })];
    }
    const schema = (await this.findUnfinishedCopy()) ?? this.checkSchema(state);
    if (schema.level === 'error') return [schema, this.checkClock(state)];
    return [await this.checkWrites(state), schema, this.checkClock(state), await this.checkKey()];
  }

  private async findUnfinishedCopy(): Promise<Finding | undefined> {
    if (!(await this.database.hasUnfinishedCopy().catch(() => false))) return undefined;
    const remedy = 'Run the command that began the copy again.';
    return problem('migrations', 'error', { message: 'A copy into the database is unfinished: every process refuses it', remedy });
  }

  private async checkWrites({ kind, version }: DatabaseState): Promise<Finding> {
    if (await this.database.probeWrite()) return ok('database', `The database reads and writes (${kind} ${version ?? ''})`);
    const remedy = 'Free disk space of the database, and check its rights.';
    return problem('database', 'error', { message: 'The database reads, but does not write', remedy });
  }

  private checkSchema({ pendingMigrations, unknownMigrations }: DatabaseState): Finding {
    const pending = pendingMigrations ?? [];
    const unknown = unknownMigrations ?? [];
    if (unknown.length > 0) {
      const message = `The database is newer than this version: ${unknown.join(', ')}`;
      return problem('migrations', 'error', { message, remedy: 'Start the newer version of the service, or restore a backup.' });
    }
    if (pending.length === 0) return ok('migrations', 'The schema is current');
    const message = `The schema is old: ${pending.join(', ')}`;
    return problem('migrations', 'error', { message, remedy: 'Run npm run migrate.' });
  }

  private checkClock({ clockDifferenceMs }: DatabaseState): Finding {
    const difference = Math.abs(clockDifferenceMs ?? 0);
    const message = `The clocks of database and process differ by ${difference} ms`;
    if (difference <= TOLERABLE_DIFFERENCE_MS) return ok('clock', message);
    const level = difference > LARGE_DIFFERENCE_MS ? 'error' : 'warning';
    return problem('clock', level, { message, remedy: 'Synchronise the clocks of all machines, e.g. by NTP.' });
  }

  private async checkKey(): Promise<Finding> {
    try {
      await this.encryptionKey.run();
      return ok('encryption_key', 'The encryption key opens the database');
    } catch (error) {
      if (!(error instanceof InvalidInputError)) {
        const message = 'The encryption key could not be checked';
        return problem('encryption_key', 'warning', { message, remedy: 'Run the check again when the database responds.' });
      }
      return problem('encryption_key', 'error', { message: error.message, remedy: 'Configure the encryption key that the message names.' });
    }
  }
}
