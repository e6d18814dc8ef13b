import { toPositiveInteger, toText, valueAt } from '#domain';

/** `GET /api/v4/account` (reference/kommo.md 1.9). */
export interface KommoAccount {
  readonly accountId: number;
  readonly name: string;
  readonly subdomain: string;
}

/** The account of an answer, or undefined when it is none. */
export function findAccount(body: unknown): KommoAccount | undefined {
  const accountId = toPositiveInteger(valueAt(body, 'id'));
  const subdomain = toText(valueAt(body, 'subdomain'));
  if (accountId === undefined || subdomain === undefined) return undefined;
  return { accountId, subdomain, name: toText(valueAt(body, 'name')) ?? '' };
}
