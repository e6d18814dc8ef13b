import { type AccessScope, toPositiveInteger, toText, valueAt } from '#domain';

/** A user as `GET /api/v4/users/:id` shows it (reference/kommo.md 4.7). */
export interface KommoUser {
  readonly userId: number;
  readonly isAdministrator: boolean;
  /** Which contacts the tokens of the user show. */
  readonly accessScope: AccessScope;
}

const scopesByView = new Map<string, AccessScope>([
  ['A', 'all'],
  ['G', 'group'],
  ['M', 'own'],
]);

/** Reads the user of a response. Undefined when the response is about another user, or about none. */
export function findUser(body: unknown, userId: number): KommoUser | undefined {
  if (toPositiveInteger(valueAt(body, 'id')) !== userId) return undefined;
  const isAdministrator = valueAt(body, 'rights', 'is_admin') === true;
  const view = toText(valueAt(body, 'rights', 'contacts', 'view')) ?? '';
  return { userId, isAdministrator, accessScope: isAdministrator ? 'administrator' : (scopesByView.get(view) ?? 'none') };
}
