import { type DynamicModule, Global, Module } from '@nestjs/common';
import { AddressLimiter } from './guards/address-limiter.js';
import { RateLimit } from './guards/rate-limit.guard.js';
import { BackgroundWork } from './http/background-work.js';
import { type ApiParts, CLOCK, CONFIG, LOGGER, SERVICES, STORES, SURROUNDINGS } from './parts.js';

/** Gives every module what the process was composed of. */
@Global()
@Module({})
export class PartsModule {
  static of({ config, services, stores, surroundings, clock, logger }: ApiParts): DynamicModule {
    const tokens = new Map<symbol, unknown>([
      [CONFIG, config],
      [SERVICES, services],
      [STORES, stores],
      [SURROUNDINGS, surroundings],
      [CLOCK, clock],
      [LOGGER, logger],
    ]);
    const rateLimit = new RateLimit(new AddressLimiter(config.publicRateLimitPerMinute, clock));
    const providers = [
      ...[...tokens].map(([provide, useValue]) => ({ provide, useValue })),
      { provide: RateLimit, useValue: rateLimit },
      BackgroundWork,
    ];
    return { module: PartsModule, providers, exports: providers };
  }
}
