import { Module } from '@nestjs/common';
import { Config } from '#config';
import { HttpClientModule } from '#http';
import { UnisenderClient, UNISENDER_PEER, UnisenderSettings } from './unisender-client.js';

const toSettings = ({ unisenderUrl }: Config): UnisenderSettings => ({ baseUrl: unisenderUrl });

/** Provides {@link UnisenderClient}. Needs Config, Clock, Logger and RequestLimiter from global modules. */
@Module({
  imports: [HttpClientModule.forPeer(UNISENDER_PEER, ({ unisenderUrl }) => unisenderUrl)],
  providers: [{ provide: UnisenderSettings, inject: [Config], useFactory: toSettings }, UnisenderClient],
  exports: [UnisenderClient],
})
export class UnisenderClientModule {}
