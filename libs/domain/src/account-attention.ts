import type { AccountStatus } from './account-status.js';
import type { ErrorCode } from './error-registry.js';

/** What decides whether a human must act on an account. */
export interface AttentionFacts {
  readonly status: AccountStatus;
  readonly awaitsApproval: boolean;
  readonly unisenderBlock: string | null;
  readonly webhookState: string | null;
  readonly unisenderWebhookState?: string | null;
  /** Whether removals wait for the confirmation of a run. */
  readonly hasWaitingRun?: boolean;
  /** When an authorisation with fewer rights was refused; null after a later authorisation. */
  readonly authorizationRefusedAt: number | null;
  /** Why the work of the account waits; null without a pause. */
  readonly pauseCode: string | null;
  /** Whether Unisender gives the key no access to a method. The other work of the account goes on. */
  readonly hasDeniedMethod?: boolean;
}

/** The pauses that end only after a human has acted. */
const pauseAttention = ['unisender_access_denied', 'unisender_not_enough_money'] as const satisfies readonly ErrorCode[];

type PauseAttention = (typeof pauseAttention)[number];

/** Codes of what a human must do on an account. */
export type AttentionCode =
  | 'approval_required'
  | 'reauthorization_required'
  | 'suspended'
  | 'administrator_required'
  | 'unisender_key_refused'
  | PauseAttention
  | 'webhook_disabled'
  | 'webhook_missing'
  | 'unisender_webhook_stopped'
  | 'confirmation_required';

/** Lists what a human must do on an account; empty for a disconnected one. */
export function listAttention(facts: AttentionFacts): AttentionCode[] {
  const { status, unisenderBlock, webhookState, unisenderWebhookState, authorizationRefusedAt, pauseCode } = facts;
  const { hasWaitingRun, hasDeniedMethod } = facts;
  if (status === 'disconnected') return [];
  const codes: readonly (AttentionCode | false)[] = [
    facts.awaitsApproval && 'approval_required',
    (status === 'reauthorization_required' || status === 'suspended') && status,
    authorizationRefusedAt !== null && 'administrator_required',
    unisenderBlock !== null && 'unisender_key_refused',
    pauseAttention.find((code) => code === pauseCode) ?? false,
    hasDeniedMethod === true && pauseCode !== 'unisender_access_denied' && 'unisender_access_denied',
    webhookState === 'disabled' && 'webhook_disabled',
    webhookState === 'missing' && 'webhook_missing',
    unisenderWebhookState === 'stopped' && 'unisender_webhook_stopped',
    hasWaitingRun === true && 'confirmation_required',
  ];
  return codes.filter((code) => code !== false);
}
