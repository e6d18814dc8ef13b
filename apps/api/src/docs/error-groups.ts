import type { ErrorCode } from '#domain';

/** Errors of requests to Kommo that a route makes for its caller. */
export const kommoErrors: readonly ErrorCode[] = [
  'kommo_rejected',
  'kommo_unauthorized',
  'kommo_rate_limited',
  'kommo_payment_required',
  'kommo_blocked',
  'kommo_forbidden',
  'kommo_unavailable',
  'kommo_redirected',
  'token_refresh_busy',
  'vendor_paused',
  'request_limit_busy',
];

/** Errors of requests to Unisender that a route makes for its caller. */
export const unisenderErrors: readonly ErrorCode[] = [
  'unisender_key_missing',
  'unisender_key_refused',
  'unisender_rejected',
  'unisender_rate_limited',
  'unisender_not_enough_money',
  'unisender_access_denied',
  'unisender_unavailable',
  'vendor_paused',
  'request_limit_busy',
];

/** Errors of the queue. */
export const queueErrors: readonly ErrorCode[] = ['queue_unavailable', 'queue_timeout', 'queue_refused'];

/** Errors of an account that is not authorised. */
export const unauthorisedErrors: readonly ErrorCode[] = [
  'account_unknown',
  'approval_required',
  'pending_authorization',
  'reauthorization_required',
  'disconnected',
  'suspended',
];
