/**
 * Which contacts a token of Kommo shows: those that its user sees. From the widest to the narrowest. An administrator may also
 * manage webhooks (reference/kommo.md 4.7).
 */
export const accessScopes = ['administrator', 'all', 'group', 'own', 'none'] as const;

/** One of {@link accessScopes}. */
export type AccessScope = (typeof accessScopes)[number];

/**
 * Whether tokens of the scope `next` may show fewer contacts than those of `previous`. Null means that Kommo did not confirm the
 * scope: it is narrower than every known one.
 */
export function isNarrowerScope(next: AccessScope | null, previous: AccessScope | null): boolean {
  if (previous === null || previous === 'none') return false;
  return next === null || accessScopes.indexOf(next) > accessScopes.indexOf(previous);
}
