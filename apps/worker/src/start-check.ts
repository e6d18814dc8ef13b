import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '#database';
import { Clock, Logger } from '#domain';
import { EncryptionKeyCheck } from '#sync';

const POLL_MS = 5_000;

/** Keeps the worker from starting until it can work on the database. */
@Injectable()
export class StartCheck implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly keyCheck: EncryptionKeyCheck,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Waits until every migration has run. Throws InvalidInputError when the encryption key is not the one of the database, or when the
   * schema is newer.
   */
  async onModuleInit(): Promise<void> {
    await this.database.refuseNewerSchema();
    for (;;) {
      const pending = await this.database.pendingMigrations();
      if (pending.length === 0) break;
      this.logger.error('database schema is old; waiting for "npm run migrate"', { pending_migrations: pending });
      await this.clock.sleep(POLL_MS);
    }
    await this.keyCheck.run();
  }
}
