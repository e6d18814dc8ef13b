export { type AlertMessage, AlertWebhook, AlertWebhookSettings } from './alert-webhook.js';
export { CronitorClient, CronitorSettings, type Heartbeat, type HeartbeatState } from './cronitor-client.js';
export { MonitoringModule } from './monitoring.module.js';
export { ReachabilityModule, ReachabilityProbes } from './reachability-probes.js';
