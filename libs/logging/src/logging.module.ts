import { type DynamicModule, Global, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { Config } from '#config';
import { Clock, Logger } from '#domain';
import { createProcessLogger } from './process-logger.js';
import { ServiceLogger } from './service-logger.js';

/** Provides {@link Logger} and {@link ServiceLogger} to every module, and closes the log at shutdown. */
@Global()
@Module({})
export class LoggingModule implements OnApplicationShutdown {
  constructor(private readonly logger: ServiceLogger) {}

  /** Creates the logger of a process from {@link Config}. `service` is its name in the log, e.g. `Api`. */
  static forRoot({ service }: { readonly service: string }): DynamicModule {
    const create = (config: Config, clock: Clock) => createProcessLogger(config, clock, service);
    return LoggingModule.provide({ provide: ServiceLogger, useFactory: create, inject: [Config, Clock] });
  }

  /** Takes a logger that exists before Nest starts. */
  static forLogger(logger: ServiceLogger): DynamicModule {
    return LoggingModule.provide({ provide: ServiceLogger, useValue: logger });
  }

  /** Writes the last records and closes the log when Nest shuts down. */
  async onApplicationShutdown(): Promise<void> {
    await this.logger.close();
  }

  private static provide(provider: Provider<ServiceLogger>): DynamicModule {
    return {
      module: LoggingModule,
      providers: [provider, { provide: Logger, useExisting: ServiceLogger }],
      exports: [Logger, ServiceLogger],
    };
  }
}
