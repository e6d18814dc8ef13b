import 'reflect-metadata';
import { type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClockModule } from '#clock';
import { type Config, ConfigModule } from '#config';
import { Logger, silentLogger } from '#domain';
import { SyncModule } from '#sync';

/** The use cases for one command. They write no log. */
class CliModule {
  static forRoot(config: Config): DynamicModule {
    const providers = [{ provide: Logger, useValue: silentLogger }];
    return {
      module: CliModule,
      global: true,
      imports: [ConfigModule.forRoot(config), ClockModule, SyncModule],
      providers,
      exports: [Logger],
    };
  }
}

/** Creates the use cases, runs `work` with them and closes them. Throws TransientError `database_unavailable`. */
export async function withSync<Result>(config: Config, work: (sync: INestApplicationContext) => Promise<Result>): Promise<Result> {
  const sync = await NestFactory.createApplicationContext(CliModule.forRoot(config), { logger: false, abortOnError: false });
  try {
    return await work(sync);
  } finally {
    await sync.close();
  }
}
