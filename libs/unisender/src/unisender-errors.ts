import { AccountBlockedError, InvalidInputError } from '#domain';

/** The key is wrong, or the account may not use the API (`invalid_api_key`, `access_denied`). Nothing works until a human gives another. */
export class UnisenderKeyRefusedError extends AccountBlockedError {
  constructor() {
    super('Unisender refuses the API key', { code: 'unisender_key_refused' });
  }
}

/** The call as a whole was refused; a row that was refused is in the result instead. */
export class UnisenderRejectedError extends InvalidInputError {
  /** Unisender's own code, often just `unspecified`. */
  readonly vendorCode: string;

  constructor(vendorCode: string, text: string) {
    super(`Unisender rejected the call (${vendorCode}): ${text}`, { code: 'unisender_rejected' });
    this.vendorCode = vendorCode;
  }

  /** Told by a code only sometimes; else by the text (reference/unisender.md 2.3). */
  get isNotFound(): boolean {
    return this.vendorCode === 'object_not_found' || /\bnot found\b/i.test(this.message);
  }
}
