import { type Alert, alerts } from './alert.js';
import type { ErrorCode } from './error-registry.js';

/** What shows whether an account makes no progress. Times are epoch milliseconds. */
export interface ProgressFacts {
  readonly accountId: number;
  /** Addresses that Unisender refuses and that are tried again; at most 1,000 are counted. */
  readonly parked: number;
  readonly gapAt: number | null;
  /** Exports that replaced one without a result, since the last complete one, and when the last of them was requested. */
  readonly exportReplacements: number;
  readonly exportReplacedAt: number;
  /** When the oldest change arrived that is not applied and pushed; null without one. */
  readonly oldestChangeAt: number | null;
  readonly pausedUntil: number;
  readonly pauseCode: ErrorCode | null;
}

/** A trouble that lasts longer does not end by itself as a rule. */
const LASTING_MS = 3_600_000;

/** Lists the alerts of an account whose trouble lasts for an hour. A pause of the operator is no trouble. */
export function listLastingTrouble(facts: ProgressFacts, nowMs: number): Alert[] {
  const { accountId, parked, gapAt, exportReplacements, exportReplacedAt, oldestChangeAt } = facts;
  const lasts = (sinceMs: number | null): sinceMs is number => sinceMs !== null && sinceMs <= nowMs - LASTING_MS;
  const pauseCode = facts.pausedUntil > nowMs ? facts.pauseCode : null;
  const found: Alert[] = [];
  if (parked > 0) found.push(alerts.addressesParked(accountId, parked, nowMs));
  if (lasts(gapAt)) found.push(alerts.gapOpen(accountId, gapAt, nowMs));
  if (exportReplacements > 0 && lasts(exportReplacedAt)) found.push(alerts.exportMissing(accountId, nowMs));
  if (lasts(oldestChangeAt) && pauseCode !== 'paused_by_operator') {
    found.push(alerts.accountWaits(accountId, { code: pauseCode ?? 'unknown', sinceMs: oldestChangeAt }, nowMs));
  }
  return found;
}
