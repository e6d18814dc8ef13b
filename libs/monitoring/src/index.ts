export { type AlertMessage, AlertWebhook, type AlertWebhookOptions } from './alert-webhook.js';
export { CronitorClient, type CronitorOptions, type HeartbeatState } from './cronitor-client.js';
