import { toPositiveInteger, toText, valueAt } from '#domain';

/** An account as `GET /api/v4/account` shows it (reference/kommo.md 1.9). */
export interface KommoAccount {
  readonly accountId: number;
  readonly name: string;
  readonly subdomain: string;
  /** The user of the token. */
  readonly currentUserId: number | undefined;
}

/** Reads the account of a response; undefined when there is none in it. */
export function findAccount(body: unknown): KommoAccount | undefined {
  const accountId = toPositiveInteger(valueAt(body, 'id'));
  const subdomain = toText(valueAt(body, 'subdomain'));
  if (accountId === undefined || subdomain === undefined) return undefined;
  return {
    accountId,
    subdomain,
    name: toText(valueAt(body, 'name')) ?? '',
    currentUserId: toPositiveInteger(valueAt(body, 'current_user_id')),
  };
}
