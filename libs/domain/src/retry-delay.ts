const DAY_MS = 24 * 3_600_000;
const PARK_DELAYS_MS = [1, 2, 4, 7].map((days) => days * DAY_MS);

/** How long something that a vendor refuses waits for its next attempt: 1, 2, 4, then 7 days. `attempts` were made so far, at least 1. */
export const parkDelayMs = (attempts: number): number => PARK_DELAYS_MS[Math.max(0, attempts - 1)] ?? 7 * DAY_MS;

const SHORTEST_WAIT_MS = 5_000;

/** How long something that a vendor fails to return waits for its next attempt: as long as it has waited so far, from 5 s to a day. */
export const unavailableDelayMs = (waitedMs: number): number => Math.min(Math.max(SHORTEST_WAIT_MS, waitedMs), DAY_MS);
