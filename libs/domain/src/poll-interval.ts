/** An account without webhooks is polled for changes so often. */
export const POLL_INTERVAL_MS = 15 * 60_000;
