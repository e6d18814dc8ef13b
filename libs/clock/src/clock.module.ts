import { Global, Module } from '@nestjs/common';
import { Clock } from '#domain';
import { systemClock } from './system-clock.js';

/** Provides {@link Clock} to every module: the time of the machine. Tests override the provider. */
@Global()
@Module({ providers: [{ provide: Clock, useValue: systemClock }], exports: [Clock] })
export class ClockModule {}
