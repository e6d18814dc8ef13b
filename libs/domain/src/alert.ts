import type { ErrorCode } from './error-registry.js';
import { toIsoTime } from './iso-time.js';

/** The text of each kind of alert. An alert asks the operator to act. */
const sentences = {
  account_reauthorization_required: 'Kommo refuses the access to account {account}: open /auth?id={account} and allow it again.',
  approval_required: 'Account {account} was installed from Kommo: approve it, if it is known to you, or ignore it.',
  authorization_refused:
    'An authorisation of account {account} was refused: its user sees fewer contacts in Kommo. Let an administrator open /auth?id={account}.',
  unisender_key_refused: 'Unisender refuses the key of account {account}: save a working one in the widget.',
  unisender_not_enough_money: 'Unisender account of {account} has no money, or its tariff is used up: pay it. Nothing is lost meanwhile.',
  unisender_access_denied: 'Unisender gives the key of account {account} no access to a method: allow it, or save another key.',
  kommo_payment_required: 'Kommo asks account {account} to pay: its work stops until then.',
  webhook_missing: 'Kommo refuses the webhook of account {account}: changes arrive only with the nightly reconciliation.',
  addresses_parked:
    'Unisender refuses {count} addresses of account {account}: read the reasons at /operations/addresses?account_id={account}&state=failing.',
  gap_open:
    'Webhooks of account {account} were missed, and no reconciliation has read everything since: read its runs at /sync/runs?id={account}.',
  export_missing: 'Unisender has finished no export of account {account} for an hour. Nothing is lost meanwhile.',
  account_waits: 'The changes of account {account} have waited for an hour: read the reason at /operations/accounts/{account}.',
  run_failed: 'A run of account {account} failed: read its error at /sync/runs?id={account}.',
  run_waits_for_confirmation: 'A reconciliation of account {account} would remove many contacts: confirm or cancel it.',
  jobs_buried: 'Jobs of the tube {tube} were buried: read the reasons at /operations/failures.',
} as const satisfies Record<string, string>;

/** The waits of an account that end only after a human has acted. Each is an alert at once. */
export const waitAlertCodes = [
  'kommo_payment_required',
  'unisender_access_denied',
  'unisender_not_enough_money',
] as const satisfies readonly (keyof typeof sentences & ErrorCode)[];

/** One of {@link waitAlertCodes}. */
export type WaitAlertCode = (typeof waitAlertCodes)[number];

/** What an alert is about. */
export type AlertKind = keyof typeof sentences;

/** Ids, codes and counts; never a token, a key, an e-mail address or a vendor's text. */
export type AlertDetails = Readonly<Record<string, string | number>>;

/** An event that the operator must act on. */
export interface Alert {
  /** Identifies the occasion: an alert that is raised again under the same key is counted, not repeated. At most 191 characters. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly accountId: number | null;
  readonly details: AlertDetails;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_RETRY_MS = 30_000;

/** An alert of this age is not delivered any more. */
export const ALERT_DELIVERY_LIMIT_MS = DAY_MS;
/** An alert of this age is deleted, delivered or not. */
export const ALERT_KEPT_MS = 30 * DAY_MS;

const hourOf = (nowMs: number) => Math.floor(nowMs / HOUR_MS);
const dayOf = (nowMs: number) => Math.floor(nowMs / DAY_MS);

/** Makes the alerts. Each comment says how often an alert is raised at most. */
export const alerts = {
  /** Once per refused token pair. */
  reauthorizationRequired: (accountId: number, version: number): Alert => ({
    key: `account_reauthorization_required:${accountId}:${version}`,
    kind: 'account_reauthorization_required',
    accountId,
    details: {},
  }),
  /** Once per account. */
  approvalRequired: (accountId: number): Alert => ({
    key: `approval_required:${accountId}`,
    kind: 'approval_required',
    accountId,
    details: {},
  }),
  /** Once per account and day. */
  authorizationRefused: (accountId: number, nowMs: number): Alert => ({
    key: `authorization_refused:${accountId}:${dayOf(nowMs)}`,
    kind: 'authorization_refused',
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
  waitsForHuman: (accountId: number, code: WaitAlertCode, nowMs: number): Alert => ({
    key: `${code}:${accountId}:${dayOf(nowMs)}`,
    kind: code,
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
  /** Once per account and day. `count`: at most 1,000 are counted. */
  addressesParked: (accountId: number, count: number, nowMs: number): Alert => ({
    key: `addresses_parked:${accountId}:${dayOf(nowMs)}`,
    kind: 'addresses_parked',
    accountId,
    details: { count },
  }),
  /** Once per account and day. */
  gapOpen: (accountId: number, sinceMs: number, nowMs: number): Alert => ({
    key: `gap_open:${accountId}:${dayOf(nowMs)}`,
    kind: 'gap_open',
    accountId,
    details: { since: toIsoTime(sinceMs) },
  }),
  /** Once per account and day. */
  exportMissing: (accountId: number, nowMs: number): Alert => ({
    key: `export_missing:${accountId}:${dayOf(nowMs)}`,
    kind: 'export_missing',
    accountId,
    details: {},
  }),
  /** Once per account and day. */
  accountWaits: (accountId: number, { code, sinceMs }: { readonly code: string; readonly sinceMs: number }, nowMs: number): Alert => ({
    key: `account_waits:${accountId}:${dayOf(nowMs)}`,
    kind: 'account_waits',
    accountId,
    details: { code, since: toIsoTime(sinceMs) },
  }),
  /** Once per run. */
  runFailed: (accountId: number, runId: string, code: ErrorCode): Alert => ({
    key: `run_failed:${runId}`,
    kind: 'run_failed',
    accountId,
    details: { run_id: runId, code },
  }),
  /** Once per run. */
  runWaitsForConfirmation: (accountId: number, runId: string): Alert => ({
    key: `run_waits_for_confirmation:${runId}`,
    kind: 'run_waits_for_confirmation',
    accountId,
    details: { run_id: runId },
  }),
  /** Once per tube, code and hour. */
  jobsBuried: (tube: string, code: ErrorCode, nowMs: number): Alert => ({
    key: `jobs_buried:${tube}:${code}:${hourOf(nowMs)}`,
    kind: 'jobs_buried',
    accountId: null,
    details: { tube, code },
  }),
} as const;

/** Returns the alert in one sentence. */
export function toAlertText({ kind, accountId, details }: Pick<Alert, 'kind' | 'accountId' | 'details'>): string {
  const known: AlertDetails = { ...details, account: accountId ?? '' };
  return sentences[kind].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(known[name] ?? ''));
}

/** Returns the wait after the n-th failed delivery (from 1): half a minute, doubling to an hour. */
export const alertRetryDelayMs = (attempt: number): number => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), HOUR_MS);
