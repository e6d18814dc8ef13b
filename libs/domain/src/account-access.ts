import type { AccountStatus } from './account-status.js';
import type { ErrorCode } from './error-registry.js';
import { AccountBlockedError, TransientError } from './errors.js';
import { toIsoTime } from './iso-time.js';

/** What decides whether the service may use an account. */
export interface AccountFacts {
  readonly accountId: number;
  readonly status: AccountStatus;
  /** Whether the operator must approve the account first. */
  readonly awaitsApproval?: boolean;
  /** No job works on the account before this time, epoch ms; 0 without a pause. */
  readonly pausedUntil: number;
  /** Why the account is paused; null without a pause. */
  readonly pauseCode: string | null;
  /** Sealed; null when none was given. */
  readonly unisenderKey: string | null;
  /** Why Unisender refuses the key; null while it accepts the key. */
  readonly unisenderBlock: string | null;
}

/** What prevents a use of an account: the code of the error that a caller sees. */
export type AccountHindrance = ErrorCode<'blocked'> | 'account_paused';

const statusHindrances = {
  active: [],
  pending_authorization: ['pending_authorization'],
  reauthorization_required: ['reauthorization_required'],
  suspended: ['suspended'],
  disconnected: ['disconnected'],
} as const satisfies Record<AccountStatus, readonly AccountHindrance[]>;

const notConnected = ['account_unknown', 'approval_required', 'pending_authorization', 'disconnected'] as const;
const notActive = [...notConnected, 'reauthorization_required', 'suspended'] as const;
const noKey = ['unisender_key_missing', 'unisender_key_refused'] as const;

/** What prevents each use of an account. */
const hindrances = {
  /** Show and manage the account. */
  show: notConnected,
  /** Store the events of a webhook. */
  receive_events: ['account_unknown', 'disconnected'],
  /** Renew the tokens. The tokens of a suspended account are renewed, so that it can continue after Kommo is paid. */
  renew_tokens: [...notConnected, 'reauthorization_required'],
  /** Call Kommo with the tokens. */
  call_kommo: notActive,
  /** Call Unisender with the key. */
  call_unisender: ['account_unknown', ...noKey],
  /** Start a run; push to Unisender. */
  sync: [...notActive, ...noKey],
  /** Do the work of a job. Without a key a job only updates the mirror. */
  work: [...notActive, 'account_paused'],
} as const satisfies Record<string, readonly AccountHindrance[]>;

/** What the service does with an account. */
export type AccountUse = keyof typeof hindrances;

/** Every use. */
export const accountUses = Object.keys(hindrances) as readonly AccountUse[];

function listHindrances(account: AccountFacts | undefined, nowMs: number): readonly AccountHindrance[] {
  if (!account) return ['account_unknown'];
  const { status, awaitsApproval, pausedUntil, unisenderKey, unisenderBlock } = account;
  return [
    ...(awaitsApproval ? (['approval_required'] as const) : []),
    ...statusHindrances[status],
    ...(pausedUntil > nowMs ? (['account_paused'] as const) : []),
    ...(unisenderKey === null ? (['unisender_key_missing'] as const) : []),
    ...(unisenderKey !== null && unisenderBlock !== null ? (['unisender_key_refused'] as const) : []),
  ];
}

/**
 * Decides whether an account may be used. Guards, webhooks, tokens, runs, jobs and the sweep all decide by this function. Returns the
 * first hindrance of that use, or undefined when the account may be used. `account` is undefined when it is unknown.
 */
export function findAccountHindrance(account: AccountFacts | undefined, use: AccountUse, nowMs: number): AccountHindrance | undefined {
  const hindering: readonly AccountHindrance[] = hindrances[use];
  return listHindrances(account, nowMs).find((hindrance) => hindering.includes(hindrance));
}

/** Whether the account has a Unisender key that Unisender accepts. */
export const hasUsableUnisenderKey = (account: AccountFacts): boolean => findAccountHindrance(account, 'call_unisender', 0) === undefined;

type MessageMaker = (accountId: number, authorise: string) => string;

const messages: Readonly<Record<ErrorCode<'blocked'>, MessageMaker>> = {
  account_unknown: (id, authorise) => `Unknown account ${id}: ${authorise}`,
  approval_required: (id) => `Account ${id} waits for the approval of the operator`,
  pending_authorization: (id, authorise) => `Account ${id} is not authorised: ${authorise}`,
  reauthorization_required: (id, authorise) => `Account ${id} must be authorised again: ${authorise}`,
  disconnected: (id, authorise) => `Account ${id} is disconnected: ${authorise}`,
  suspended: (id) => `Account ${id} is suspended: pay the Kommo account`,
  unisender_key_missing: (id) => `Account ${id} has no Unisender key: save one in the widget`,
  unisender_key_refused: (id) => `Unisender refuses the key of account ${id}: save another one in the widget`,
};

/** Returns the one error of a blocked account; its message says what to do. `publicUrl` is the address of the service. */
export function toAccountBlockedError(
  accountId: number,
  code: ErrorCode<'blocked'>,
  { publicUrl = '', cause }: { readonly publicUrl?: string; readonly cause?: unknown } = {},
): AccountBlockedError {
  const authorise = `open ${publicUrl}/auth?id=${accountId} in a browser and allow the access`;
  return new AccountBlockedError(messages[code](accountId, authorise), { code, cause });
}

const toPausedError = ({ accountId, pausedUntil, pauseCode }: AccountFacts, nowMs: number): TransientError =>
  new TransientError(`Account ${accountId} is paused until ${toIsoTime(pausedUntil)}: ${pauseCode ?? ''}`, {
    code: 'account_paused',
    retryAfterMs: pausedUntil - nowMs,
  });

/** Which account is used for what. */
export interface AccountRequest {
  readonly accountId: number;
  readonly use: AccountUse;
  readonly nowMs: number;
  /** The address of the service, for the message. */
  readonly publicUrl?: string;
}

/** Returns the account when it may be used. Throws AccountBlockedError, or TransientError `account_paused`. */
export function requireUsableAccount<Account extends AccountFacts>(
  account: Account | undefined,
  { accountId, use, nowMs, publicUrl = '' }: AccountRequest,
): Account {
  if (!account) throw toAccountBlockedError(accountId, 'account_unknown', { publicUrl });
  const hindrance = findAccountHindrance(account, use, nowMs);
  if (hindrance === 'account_paused') throw toPausedError(account, nowMs);
  if (hindrance !== undefined) throw toAccountBlockedError(accountId, hindrance, { publicUrl });
  return account;
}
