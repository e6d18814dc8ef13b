import { hostname } from 'node:os';
import { Module } from '@nestjs/common';
import { Config } from '#config';
import { HttpClientModule } from '#http';
import { AlertWebhook, ALERT_WEBHOOK_PEER, AlertWebhookSettings } from './alert-webhook.js';
import { CronitorClient, CRONITOR_PEER, CronitorSettings } from './cronitor-client.js';
import { ReachabilityModule } from './reachability-probes.js';

const toCronitorSettings = ({ cronitorApiKey, cronitorUrl }: Config): CronitorSettings => ({
  apiKey: cronitorApiKey,
  baseUrl: cronitorUrl,
  host: hostname(),
});

const toAlertWebhookSettings = ({ alertWebhookUrl }: Config): AlertWebhookSettings => ({ url: alertWebhookUrl });

const findAlertUrl = ({ alertWebhookUrl }: Config): string | undefined => alertWebhookUrl?.reveal();

@Module({
  imports: [HttpClientModule.forPeer(CRONITOR_PEER, findAlertUrl)],
  providers: [{ provide: CronitorSettings, inject: [Config], useFactory: toCronitorSettings }, CronitorClient],
  exports: [CronitorClient],
})
class CronitorModule {}

@Module({
  imports: [HttpClientModule.forPeer(ALERT_WEBHOOK_PEER, findAlertUrl)],
  providers: [{ provide: AlertWebhookSettings, inject: [Config], useFactory: toAlertWebhookSettings }, AlertWebhook],
  exports: [AlertWebhook],
})
class AlertWebhookModule {}

/**
 * Provides {@link CronitorClient}, {@link AlertWebhook} and the probes of {@link ReachabilityModule}. Without their variables the first two
 * exist and send nothing. Needs Config, Clock and Logger from global modules.
 */
@Module({
  imports: [CronitorModule, AlertWebhookModule, ReachabilityModule],
  exports: [CronitorModule, AlertWebhookModule, ReachabilityModule],
})
export class MonitoringModule {}
