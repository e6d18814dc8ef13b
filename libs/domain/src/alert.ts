import type { ErrorCode } from './error-registry.js';

/** Everything that the operator is told of by itself: someone has to act. */
const sentences = {
  account_reauthorization_required: 'Kommo refuses the access to account {account}: open /auth?id={account} and allow it again.',
  unisender_key_refused: 'Unisender refuses the key of account {account}: save a working one in the widget.',
  webhook_missing: 'Kommo refuses the webhook of account {account}: changes arrive with the nightly reconciliation only.',
  run_failed: 'A run of account {account} failed: its error says why.',
  run_waits_for_confirmation: 'A reconciliation of account {account} would delete many contacts: confirm or cancel it.',
  jobs_buried: 'Jobs of the tube {tube} were buried: see /operations/failures.',
} as const satisfies Record<string, string>;

/** What kind of thing happened. */
export type AlertKind = keyof typeof sentences;

/** Every kind. */
export const alertKinds = Object.keys(sentences) as readonly AlertKind[];

/** Ids, codes and counts; never a token, a key, an e-mail or a foreign text. */
export type AlertDetails = Readonly<Record<string, string | number>>;

/** Something that someone has to act on. */
export interface Alert {
  /** Names the occasion: what is raised twice under one key is one alert that happened twice. At most 191 characters. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly accountId: number | null;
  readonly details: AlertDetails;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_RETRY_MS = 30_000;

/** After so long nobody is told any more. */
export const ALERT_GIVEN_UP_AFTER_MS = DAY_MS;
/** Told or not, an alert is forgotten after this. */
export const ALERT_KEPT_MS = 30 * DAY_MS;

const hourOf = (nowMs: number) => Math.floor(nowMs / HOUR_MS);
const dayOf = (nowMs: number) => Math.floor(nowMs / DAY_MS);

/** The alerts by what they are about; each function's key says what counts as the same occasion. */
export const alerts = {
  /** Once per refused pair. */
  reauthorizationRequired: (accountId: number, version: number): Alert => ({
    key: `account_reauthorization_required:${accountId}:${version}`,
    kind: 'account_reauthorization_required',
    accountId,
    details: {},
  }),
  /** Once per account and day. */
  unisenderKeyRefused: (accountId: number, code: ErrorCode, nowMs: number): Alert => ({
    key: `unisender_key_refused:${accountId}:${dayOf(nowMs)}`,
    kind: 'unisender_key_refused',
    accountId,
    details: { code },
  }),
  /** Once per account and day. */
  webhookMissing: (accountId: number, code: ErrorCode, nowMs: number): Alert => ({
    key: `webhook_missing:${accountId}:${dayOf(nowMs)}`,
    kind: 'webhook_missing',
    accountId,
    details: { code },
  }),
  runFailed: (accountId: number, runId: string, code: ErrorCode): Alert => ({
    key: `run_failed:${runId}`,
    kind: 'run_failed',
    accountId,
    details: { run_id: runId, code },
  }),
  runWaitsForConfirmation: (accountId: number, runId: string): Alert => ({
    key: `run_waits_for_confirmation:${runId}`,
    kind: 'run_waits_for_confirmation',
    accountId,
    details: { run_id: runId },
  }),
  /** Once per tube, reason and hour: a thousand jobs that fail alike are one alert. */
  jobsBuried: (tube: string, code: ErrorCode, nowMs: number): Alert => ({
    key: `jobs_buried:${tube}:${code}:${hourOf(nowMs)}`,
    kind: 'jobs_buried',
    accountId: null,
    details: { tube, code },
  }),
} as const;

/** The alert in one sentence. */
export function toAlertText({ kind, accountId, details }: Pick<Alert, 'kind' | 'accountId' | 'details'>): string {
  return sentences[kind].replaceAll('{account}', String(accountId ?? '')).replaceAll('{tube}', String(details['tube'] ?? ''));
}

/** How long to wait after the n-th attempt (from 1) to tell it: half a minute, doubling to an hour. */
export const alertRetryDelayMs = (attempt: number): number => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), HOUR_MS);
