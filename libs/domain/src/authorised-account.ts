import { BugError, InvalidInputError } from './errors.js';

/** The sender of a request, after its token was verified. */
export type Caller =
  | { readonly kind: 'operator' }
  | { readonly kind: 'widget'; readonly accountId: number; readonly userId: number; readonly isAdmin: boolean | undefined }
  | { readonly kind: 'webhook'; readonly accountId: number }
  | { readonly kind: 'anonymous' };

/** An account that the caller of a request may reach. Nothing but {@link grant} creates one. */
export class AuthorisedAccount {
  private constructor(readonly accountId: number) {}

  /**
   * Lets an operator reach every account, and others only their own. Throws InvalidInputError `other_account`, and BugError
   * `audience_undeclared` for an anonymous caller, which may reach no account.
   */
  static grant(caller: Caller, accountId: number): AuthorisedAccount {
    if (caller.kind === 'anonymous') throw new BugError('An anonymous caller asks for an account', { code: 'audience_undeclared' });
    if (caller.kind !== 'operator' && caller.accountId !== accountId) {
      throw new InvalidInputError('The token belongs to another account', { code: 'other_account' });
    }
    return new AuthorisedAccount(accountId);
  }
}
