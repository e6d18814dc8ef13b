import { Module } from '@nestjs/common';
import { Config } from '#config';
import { HttpClientModule } from '#http';
import { KommoClient } from './kommo-client.js';
import { KommoHttp, kommoPeer } from './kommo-http.js';
import { KommoSettings } from './kommo-settings.js';

const toSettings = ({ kommoAllowedDomains, kommoReservedLabels, kommoOriginOverride }: Config): KommoSettings => ({
  allowedDomains: kommoAllowedDomains,
  reservedLabels: kommoReservedLabels,
  originOverride: kommoOriginOverride === undefined ? undefined : new URL(kommoOriginOverride),
});

/** Provides {@link KommoClient}. Needs Config, Clock, Logger and RequestLimiter from global modules. */
@Module({
  imports: [HttpClientModule.forPeer(kommoPeer(), ({ kommoOriginOverride }) => kommoOriginOverride)],
  providers: [{ provide: KommoSettings, inject: [Config], useFactory: toSettings }, KommoHttp, KommoClient],
  exports: [KommoClient],
})
export class KommoClientModule {}
