import { hostname } from 'node:os';
import type { Config } from '#config';
import type { Clock, Logger } from '#domain';
import { AlertWebhook, CronitorClient } from '#monitoring';

/** Through what the worker tells the outside world how it is; undefined what is not configured. */
export interface Monitors {
  readonly cronitor: CronitorClient | undefined;
  readonly alertWebhook: AlertWebhook | undefined;
  /** Lets last words out for a moment, then lets go. */
  close(): Promise<void>;
}

type MonitorConfig = Pick<Config, 'cronitorApiKey' | 'cronitorUrl' | 'alertWebhookUrl'>;

export function createMonitors(config: MonitorConfig, foundation: { readonly clock: Clock; readonly logger: Logger }): Monitors {
  const { cronitorApiKey: apiKey, cronitorUrl: baseUrl, alertWebhookUrl: url } = config;
  const cronitor = apiKey && new CronitorClient({ ...foundation, baseUrl, apiKey, host: hostname() });
  const alertWebhook = url && new AlertWebhook({ ...foundation, url });
  const close = async () => {
    alertWebhook?.close();
    await cronitor?.close();
  };
  return { cronitor, alertWebhook, close };
}
