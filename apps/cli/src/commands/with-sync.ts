import 'reflect-metadata';
import { type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, ConfigModule } from '#config';
import { Database } from '#database';
import { Clock, InvalidInputError, Logger, TransientError, silentLogger } from '#domain';
import { AccountQueries, AuditLog, EncryptionKeyCheck, SyncModule } from '#sync';
import type { CommandContext } from '../command-context.js';

interface CliModuleOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly module: Type;
}

/** Modules for one command, which write no log. */
class CliModule {
  static forRoot({ config, clock, module }: CliModuleOptions): DynamicModule {
    const providers = [
      { provide: Logger, useValue: silentLogger },
      { provide: Clock, useValue: clock },
    ];
    return {
      module: CliModule,
      global: true,
      imports: [ConfigModule.forRoot(config), module],
      providers,
      exports: [Logger, Clock],
    };
  }
}

/** A class, also one that is abstract or has a private constructor. */
interface Token<Instance> {
  readonly name: string;
  readonly prototype: Instance;
}

/** The use cases for one command. */
export class SyncSession {
  constructor(private readonly application: INestApplicationContext) {}

  /** The instance of an injected class. */
  get<Instance>(token: Token<Instance>): Instance {
    return this.application.get<Instance>(token as Type<Instance>, { strict: false });
  }

  /** Does `work` and records it in the audit log. Throws what `work` throws. */
  async audited<Result>(
    action: string,
    {
      accountId,
      ...details
    }: Readonly<Record<string, string | number | boolean | undefined>> & { readonly accountId?: number | undefined },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const known = Object.entries(details).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined);
    return this.get(AuditLog).record({ actor: 'cli', action, accountId, details: Object.fromEntries(known) }, work);
  }

  /** The named account, or the only one. Throws InvalidInputError when there are several, and for an unknown one. */
  async findAccountId(named: number | undefined): Promise<number> {
    const queries = this.get(AccountQueries);
    if (named === undefined) {
      const [only, other] = await queries.list({ limit: 2 });
      if (only && !other) return only.account_id;
      throw new InvalidInputError(only ? 'There are several accounts: name one of them' : 'There is no account yet: run "connect"');
    }
    if (await queries.find(named)) return named;
    throw new InvalidInputError(`Account ${named} is unknown: "accounts" lists the known ones`, { code: 'not_found' });
  }
}

/** Creates the module for one command, runs `work` with it and closes it. */
export async function withModule<Result>(options: CliModuleOptions, work: (session: SyncSession) => Promise<Result>): Promise<Result> {
  const application = await NestFactory.createApplicationContext(CliModule.forRoot(options), { logger: false, abortOnError: false });
  try {
    return await work(new SyncSession(application));
  } finally {
    await application.close();
  }
}

async function assertUsable(session: SyncSession): Promise<void> {
  const database = session.get(Database);
  await database.refuseNewerSchema();
  const pending = await database.pendingMigrations();
  if (pending.length > 0) throw new TransientError(`The schema of the database is old: ${pending.join(', ')}`, { code: 'schema_old' });
  await session.get(EncryptionKeyCheck).run();
}

/**
 * Reads the configuration and runs `work` with the use cases. Throws InvalidInputError `bad_configuration` (also for a database of a
 * newer version) or `wrong_encryption_key`, and TransientError `database_unavailable` or `schema_old`.
 */
export async function withSync<Result>(context: CommandContext, work: (session: SyncSession) => Promise<Result>): Promise<Result> {
  return withModule({ config: context.loadConfig(), clock: context.clock, module: SyncModule }, async (session) => {
    await assertUsable(session);
    return work(session);
  });
}
