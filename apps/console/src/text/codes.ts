import type { AccountStatus, AttentionCode, RunState } from '../api/types.js';
import { formatCode } from './format.js';

/** How a state looks: its colour and its sign. */
export type Tone = 'good' | 'busy' | 'warning' | 'bad' | 'neutral';

interface Label {
  readonly text: string;
  readonly tone: Tone;
}

export const statusLabels: Readonly<Record<AccountStatus, Label>> = {
  active: { text: 'Active', tone: 'good' },
  pending_authorization: { text: 'Not authorised yet', tone: 'warning' },
  reauthorization_required: { text: 'Must be authorised again', tone: 'bad' },
  suspended: { text: 'Suspended by Kommo', tone: 'bad' },
  disconnected: { text: 'Disconnected', tone: 'neutral' },
};

export const runLabels: Readonly<Record<RunState, Label>> = {
  queued: { text: 'Queued', tone: 'busy' },
  running: { text: 'Running', tone: 'busy' },
  waiting_for_confirmation: { text: 'Waits for confirmation', tone: 'warning' },
  completed: { text: 'Completed', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
  cancelled: { text: 'Cancelled', tone: 'neutral' },
};

/** What is wrong and what a human does about it. */
interface Advice {
  readonly title: string;
  readonly remedy: string;
  /** Where the remedy is, in the page of the account. */
  readonly action?: 'authorise' | 'key' | 'confirm' | 'approve';
}

export const attentionAdvice: Readonly<Record<AttentionCode, Advice>> = {
  approval_required: { title: 'The account waits for approval', remedy: 'Approve the account if you know it.', action: 'approve' },
  reauthorization_required: {
    title: 'Kommo refuses the access',
    remedy: 'Open the consent page and allow the access again.',
    action: 'authorise',
  },
  suspended: { title: 'Kommo suspended the account', remedy: 'Pay the Kommo account. The service asks again once an hour.' },
  administrator_required: {
    title: 'A user without full rights authorised the account',
    remedy: 'Let an administrator of the Kommo account open the consent page.',
    action: 'authorise',
  },
  unisender_key_refused: { title: 'Unisender refuses the key', remedy: 'Enter a key that Unisender accepts.', action: 'key' },
  unisender_access_denied: {
    title: 'Unisender denies the access',
    remedy: 'Allow the API access in Unisender, or enter another key.',
    action: 'key',
  },
  unisender_not_enough_money: {
    title: 'The Unisender account has no money, or reached its tariff limit',
    remedy: 'Pay the Unisender account. The service tries again by itself.',
  },
  webhook_disabled: {
    title: 'Kommo disabled the webhook',
    remedy: 'Check that Kommo reaches the public URL. The service enables it again.',
  },
  webhook_missing: { title: 'The webhook in Kommo is missing', remedy: 'Nothing: the service creates it again within an hour.' },
  unisender_webhook_stopped: {
    title: 'Unisender stopped its webhook',
    remedy: 'Check that Unisender reaches the public URL. The service creates it again.',
  },
  confirmation_required: {
    title: 'Many removals wait for a confirmation',
    remedy: 'Look at the samples, then confirm or cancel the run.',
    action: 'confirm',
  },
};

const codes: Readonly<Record<string, string>> = {
  empty: 'The address is empty: correct it in Kommo',
  too_long: 'The address is too long: correct it in Kommo',
  no_at_sign: 'The address has no @: correct it in Kommo',
  several_at_signs: 'The address has several @: correct it in Kommo',
  bad_local_part: 'The part before the @ is not valid: correct the address in Kommo',
  bad_domain: 'The part after the @ is not valid: correct the address in Kommo',
  domain_without_dot: 'The part after the @ has no dot: correct the address in Kommo',
  e_address__e_syntax: 'Unisender: the address is not valid',
  e_tip__e_role: 'Unisender: the address belongs to a role, not to a person',
  unsubscribed: 'The owner unsubscribed',
  blocked: 'Unisender blocked the address',
  complained: 'The owner complained about a mailing',
  filter: 'No contact of the address passes the filter',
  kind_not_selected: 'The kind of the address is not selected in the settings',
  paused_by_operator: 'Paused by an operator',
  kommo_payment_required: 'Kommo asks for a payment',
  kommo_rate_limited: 'Limit of Kommo',
  kommo_forbidden: 'Kommo forbids the request',
  unisender_rate_limited: 'Limit of Unisender',
  superseded: 'A later run replaced it',
};

/** A text for a code; the words of the code itself without one. */
export function describeCode(code: string | null | undefined): string {
  if (!code) return '';
  if (Object.hasOwn(attentionAdvice, code)) return attentionAdvice[code as AttentionCode].title;
  return codes[code] ?? formatCode(code);
}
