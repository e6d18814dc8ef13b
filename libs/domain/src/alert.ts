import type { ErrorCode } from './error-registry.js';
import type { PauseScope } from './pause.js';
import { toIsoTime } from './iso-time.js';

/** The text of each kind of alert, and the text when its cause has ended. An alert asks the operator to act. */
const sentences = {
  account_reauthorization_required: [
    'Kommo refuses the access to account {account}: open /auth?id={account} and allow it again.',
    'Account {account} was authorised again.',
  ],
  approval_required: [
    'Account {account} was installed from Kommo: approve it, if it is known to you, or ignore it.',
    'Account {account} no longer waits for an approval.',
  ],
  authorization_refused: [
    'An authorisation of account {account} was refused: its user sees fewer contacts in Kommo. Let an administrator open /auth?id={account}.',
    'Account {account} was authorised by a user who sees its contacts.',
  ],
  unisender_key_refused: [
    'Unisender refuses the key of account {account}: save a working one in the widget.',
    'Unisender accepts the key of account {account}.',
  ],
  unisender_not_enough_money: [
    'Unisender account of {account} has no money, or its tariff is used up: pay it. Nothing is lost meanwhile.',
    'Unisender accepts the calls of account {account} again.',
  ],
  unisender_access_denied: [
    'Unisender gives the key of account {account} no access to a method: allow it, or save another key.',
    'Unisender gives the key of account {account} access again.',
  ],
  kommo_payment_required: [
    'Kommo asks account {account} to pay: its work stops until then.',
    'Kommo accepts the calls of account {account} again.',
  ],
  webhook_missing: [
    'Kommo refuses the webhook of account {account}: changes arrive only with the nightly reconciliation.',
    'The webhook of account {account} is active.',
  ],
  addresses_parked: [
    'Unisender refuses {count} addresses of account {account}: read the reasons at /operations/addresses?account_id={account}&state=failing.',
    'Unisender refuses no address of account {account} any more.',
  ],
  gap_open: [
    'Webhooks of account {account} were missed, and no reconciliation has read everything since: read its runs at /sync/runs?id={account}.',
    'A reconciliation of account {account} has read what the webhooks missed.',
  ],
  export_missing: [
    'Unisender has finished no export of account {account} for an hour. Nothing is lost meanwhile.',
    'Unisender has finished an export of account {account}.',
  ],
  account_waits: [
    'The changes of account {account} have waited for an hour: read the reason at /operations/accounts/{account}.',
    'The changes of account {account} wait no longer.',
  ],
  webhook_off: [
    'The webhook of account {account} was off in Kommo: it is created again, and a reconciliation reads what was missed.',
    'The webhook of account {account} is active again.',
  ],
  account_uninstalled: [
    'The integration of account {account} was switched off in Kommo: its data is deleted after UNINSTALL_GRACE_DAYS.',
    'Account {account} was installed again.',
  ],
  lasting_pause: ['The work of {scope} {id} has been paused for a long time: the code says why.', 'The pause of {scope} {id} has ended.'],
  run_failed: [
    'A run of account {account} failed: read its error at /sync/runs?id={account}.',
    'A later run of account {account} was completed.',
  ],
  run_waits_for_confirmation: [
    'A reconciliation of account {account} would remove many contacts: confirm or cancel it.',
    'The reconciliation of account {account} no longer waits.',
  ],
  jobs_buried: [
    'Jobs of the tube {tube} were buried: read the reasons at /operations/failures.',
    'The tube {tube} has no buried job any more.',
  ],
  disk_nearly_full: [
    'The disk of DATA_DIR on {host} is nearly full: free some space. When it is full, webhooks are refused.',
    'The disk of DATA_DIR on {host} has free space again.',
  ],
  no_worker: [
    'No worker has reported for {seconds} seconds: start one. Webhooks are stored and wait.',
    'A worker runs again; it works on what has waited.',
  ],
} as const satisfies Record<string, readonly [raised: string, recovered: string]>;

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

/** Every kind of alert. */
export const alertKinds = Object.keys(sentences) as AlertKind[];

/** Ids, codes and counts; never a token, a key, an e-mail address or a vendor's text. */
export type AlertDetails = Readonly<Record<string, string | number>>;

/** An event that the operator must act on. */
export interface Alert {
  /** Identifies the occasion. At most 170 characters. */
  readonly key: string;
  /** Identifies the cause. While an alert with this subject is open, raising it again is only counted. At most 170 characters. */
  readonly subject: string;
  readonly kind: AlertKind;
  readonly accountId: number | null;
  readonly details: AlertDetails;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A pause of this length is an alert. */
export const LASTING_PAUSE_MS = HOUR_MS;
/** Without a heartbeat of a worker for this long, no worker is alive. */
export const WORKER_SILENCE_MS = 2 * 60_000;
const FIRST_RETRY_MS = 30_000;

/** An alert of this age is not delivered any more. */
export const ALERT_DELIVERY_LIMIT_MS = DAY_MS;
/** An alert of this age is deleted, delivered or not. */
export const ALERT_KEPT_MS = 30 * DAY_MS;

/** Codes of pauses that an operator sets, or that raise another alert at once. */
const codesWithoutLastingAlert: ReadonlySet<string> = new Set(['paused_by_operator', 'unisender_key_refused', ...waitAlertCodes]);

/** Whether a pause with this code is no reason for an alert when it lasts: an operator set it, or it has raised its own. */
export const hasOwnAlert = (code: string): boolean => codesWithoutLastingAlert.has(code);

/** An alert of which one is open for each account. */
const ofAccount = (kind: AlertKind, accountId: number, nowMs: number, details: AlertDetails = {}): Alert => ({
  key: `${kind}:${accountId}:${nowMs}`,
  subject: `${kind}:${accountId}`,
  kind,
  accountId,
  details,
});

/** Makes the alerts. Each comment says what one alert is about. It is raised again only after it has recovered. */
export const alerts = {
  /** A refused token pair. */
  reauthorizationRequired: (accountId: number, version: number): Alert => {
    const key = `account_reauthorization_required:${accountId}:${version}`;
    return { key, subject: key, kind: 'account_reauthorization_required', accountId, details: {} };
  },
  /** An account, once. */
  approvalRequired: (accountId: number): Alert => {
    const key = `approval_required:${accountId}`;
    return { key, subject: key, kind: 'approval_required', accountId, details: {} };
  },
  /** An account. */
  authorizationRefused: (accountId: number, nowMs: number): Alert => ofAccount('authorization_refused', accountId, nowMs),
  /** An account. */
  unisenderKeyRefused: (accountId: number, code: ErrorCode, nowMs: number): Alert =>
    ofAccount('unisender_key_refused', accountId, nowMs, { code }),
  /** An account. */
  waitsForHuman: (accountId: number, code: WaitAlertCode, nowMs: number): Alert => ofAccount(code, accountId, nowMs, { code }),
  /** An account. */
  webhookMissing: (accountId: number, code: ErrorCode, nowMs: number): Alert => ofAccount('webhook_missing', accountId, nowMs, { code }),
  /** An account. `count`: at most 1,000 are counted. */
  addressesParked: (accountId: number, count: number, nowMs: number): Alert => ofAccount('addresses_parked', accountId, nowMs, { count }),
  /** An account. */
  gapOpen: (accountId: number, sinceMs: number, nowMs: number): Alert =>
    ofAccount('gap_open', accountId, nowMs, { since: toIsoTime(sinceMs) }),
  /** An account. */
  exportMissing: (accountId: number, nowMs: number): Alert => ofAccount('export_missing', accountId, nowMs),
  /** An account. */
  accountWaits: (accountId: number, { code, sinceMs }: { readonly code: string; readonly sinceMs: number }, nowMs: number): Alert =>
    ofAccount('account_waits', accountId, nowMs, { code, since: toIsoTime(sinceMs) }),
  /** An account. `state` is what Kommo showed. */
  webhookOff: (accountId: number, state: string, nowMs: number): Alert => ofAccount('webhook_off', accountId, nowMs, { state }),
  /** An account. */
  uninstalled: (accountId: number, nowMs: number): Alert => ofAccount('account_uninstalled', accountId, nowMs),
  /** A run. */
  runFailed: (accountId: number, runId: string, code: ErrorCode): Alert => {
    const key = `run_failed:${runId}`;
    return { key, subject: key, kind: 'run_failed', accountId, details: { run_id: runId, code } };
  },
  /** A run, and how many addresses it would remove. */
  runWaitsForConfirmation: (accountId: number, runId: string): Alert => {
    const key = `run_waits_for_confirmation:${runId}`;
    return { key, subject: key, kind: 'run_waits_for_confirmation', accountId, details: { run_id: runId } };
  },
  /** A tube and a code. */
  jobsBuried: (tube: string, code: ErrorCode, nowMs: number): Alert => ({
    key: `jobs_buried:${tube}:${code}:${Math.floor(nowMs / HOUR_MS)}`,
    subject: `jobs_buried:${tube}:${code}`,
    kind: 'jobs_buried',
    accountId: null,
    details: { tube, code },
  }),
  /** A pause of a scope for a code. */
  lastingPause: (
    { scope, id, code, since }: { scope: PauseScope['kind']; id: string; code: string; since: number },
    nowMs: number,
  ): Alert => ({
    key: `lasting_pause:${scope}:${id.slice(0, 64)}:${code}:${since}`,
    subject: `lasting_pause:${scope}:${id.slice(0, 64)}:${code}`,
    kind: 'lasting_pause',
    accountId: scope === 'account' ? Number(id) : null,
    details: { scope, id, code, minutes: Math.floor((nowMs - since) / 60_000) },
  }),
  /** A machine. */
  diskNearlyFull: (host: string, { freeBytes, totalBytes }: DiskSpace, nowMs: number): Alert => ({
    key: `disk_nearly_full:${host.slice(0, 64)}:${nowMs}`,
    subject: `disk_nearly_full:${host.slice(0, 64)}`,
    kind: 'disk_nearly_full',
    accountId: null,
    details: { host, free_bytes: freeBytes, total_bytes: totalBytes },
  }),
  /** The deployment. */
  noWorker: (silentForMs: number, nowMs: number): Alert => ({
    key: `no_worker:${nowMs}`,
    subject: 'no_worker',
    kind: 'no_worker',
    accountId: null,
    details: { seconds: Math.floor(silentForMs / 1_000) },
  }),
} as const;

/** The space of a disk. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const DISK_RESERVE_BYTES = 512 * 1024 * 1024;
const DISK_RESERVE_SHARE = 0.05;

/** Whether less than 5 % of the disk, and less than 512 MB, is free. */
export const isDiskNearlyFull = ({ freeBytes, totalBytes }: DiskSpace): boolean =>
  freeBytes < Math.min(DISK_RESERVE_BYTES, totalBytes * DISK_RESERVE_SHARE);

const fill = (sentence: string, { accountId, details }: Pick<Alert, 'accountId' | 'details'>): string =>
  sentence.replaceAll(/\{(\w+)\}/g, (_match, name: string) => String(name === 'account' ? (accountId ?? '') : (details[name] ?? '')));

/** Returns the alert in one sentence. */
export const toAlertText = (alert: Pick<Alert, 'kind' | 'accountId' | 'details'>): string => fill(sentences[alert.kind][0], alert);

/** Returns in one sentence that the cause of the alert has ended. */
export const toRecoveryText = (alert: Pick<Alert, 'kind' | 'accountId' | 'details'>): string => fill(sentences[alert.kind][1], alert);

/** Returns the page of the console that shows the cause, relative to PUBLIC_URL. */
export function consolePageOf({ kind, accountId }: Pick<Alert, 'kind' | 'accountId'>): string {
  if (accountId !== null) return `/console/#/accounts/${accountId}`;
  return kind === 'jobs_buried' ? '/console/#/queues' : '/console/#/system';
}

/** Returns the wait after the n-th failed delivery (from 1): half a minute, doubling to an hour. */
export const alertRetryDelayMs = (attempt: number): number => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), HOUR_MS);
