import { AccountBlockedError, InvalidInputError, TransientError } from '#domain';

/** The key is wrong (`invalid_api_key`). A human must enter another key. */
export class UnisenderKeyRefusedError extends AccountBlockedError {
  /** `keyId`: the id of the refused key, see `hashKey`. Another key may be stored by now. */
  constructor(readonly keyId: string) {
    super('Unisender refuses the API key', { code: 'unisender_key_refused' });
  }
}

/** Unisender gives the key no access to one method (`access_denied`). The key stays valid for other methods. */
export class UnisenderMethodDeniedError extends TransientError {
  /** As in the URL of the method. */
  readonly method: string;

  constructor(method: string, retryAfterMs: number) {
    super(`Unisender gives the key no access to the method ${method}`, { code: 'unisender_access_denied', retryAfterMs });
    this.method = method;
  }
}

/** Unisender rejected a call as a whole. A rejected row is not an error but part of the result. */
export class UnisenderRejectedError extends InvalidInputError {
  /** The code of Unisender, often only `unspecified`. */
  readonly vendorCode: string;

  constructor(vendorCode: string, text: string) {
    super(`Unisender rejected the call (${vendorCode}): ${text}`, { code: 'unisender_rejected' });
    this.vendorCode = vendorCode;
  }

  /** Whether the object does not exist. Only some responses have a code for it; the others have a text (reference/unisender.md 2.3). */
  get isNotFound(): boolean {
    return this.vendorCode === 'object_not_found' || /\bnot found\b/i.test(this.message);
  }
}

/** Unisender counts calls by key and by IP, and one of both has used its limit up (reference/unisender.md 3). */
export class UnisenderRateLimitedError extends TransientError {
  readonly limitedBy: 'key' | 'ip';

  constructor(limitedBy: 'key' | 'ip', retryAfterMs: number) {
    super('Unisender limits the rate of calls', { code: 'unisender_rate_limited', retryAfterMs });
    this.limitedBy = limitedBy;
  }
}

/** Unisender's code of a refusal of one call. */
export const vendorCodeOf = (error: UnisenderRejectedError | UnisenderMethodDeniedError): string =>
  error instanceof UnisenderRejectedError ? error.vendorCode : 'access_denied';
