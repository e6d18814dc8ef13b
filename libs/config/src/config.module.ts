import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Config } from './config.js';

/** Provides {@link Config} to every module. */
@Global()
@Module({})
export class ConfigModule {
  /** Takes a configuration that {@link loadConfig} has read: a bad value stops the program before Nest starts. */
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: Config, useValue: config }], exports: [Config] };
  }
}
