import { AuthorisedAccount } from '#domain';

/** The account as an operator may reach it. */
export const accountForOperator = (accountId: number): AuthorisedAccount => AuthorisedAccount.grant({ kind: 'operator' }, accountId);
