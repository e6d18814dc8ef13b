import type { FieldProblem } from '#domain';
import { findId } from './request-ids.js';

/** The names of the account in queries, paths and bodies: our own, and that of the predecessors. */
export const ACCOUNT_FIELDS = ['account_id', 'id'] as const;

export type AccountField = (typeof ACCOUNT_FIELDS)[number];

/** Which account a request is about. `refused`: its names are malformed, missing, or contradict each other. */
export type RequestAccount =
  | { readonly kind: 'absent' }
  | { readonly kind: 'named'; readonly accountId: number }
  | { readonly kind: 'refused'; readonly fields: readonly FieldProblem[] };

interface RequestInput {
  readonly query: unknown;
  readonly params: unknown;
  readonly body?: unknown;
}

interface Name {
  readonly field: AccountField;
  /** Undefined for a malformed value, such as a list. */
  readonly accountId: number | undefined;
}

const namesIn = (place: unknown): Name[] =>
  typeof place === 'object' && place !== null
    ? ACCOUNT_FIELDS.filter((field) => Object.hasOwn(place, field)).map((field) => ({
        field,
        accountId: findId((place as Readonly<Record<string, unknown>>)[field]),
      }))
    : [];

const refuse = (names: readonly { readonly field: AccountField }[], problem: string): RequestAccount => ({
  kind: 'refused',
  fields: [...new Set(names.map(({ field }) => field))].map((field) => ({ field, problem })),
});

/** The refusal of a request without any name of the account, where `field` must be one. */
export const refuseMissingAccount = (field: AccountField): RequestAccount =>
  refuse([{ field }], 'must be a whole number above 0, in digits');

/** Reads every name of the account in query, path and body. The one place that decides which account a request is about. */
export function resolveAccount({ query, params, body }: RequestInput): RequestAccount {
  const names = [params, query, body].flatMap(namesIn);
  const malformed = names.filter(({ accountId }) => accountId === undefined);
  if (malformed.length > 0) return refuse(malformed, 'must be a whole number above 0, in digits');
  const [first] = names;
  if (first?.accountId === undefined) return { kind: 'absent' };
  if (names.some(({ accountId }) => accountId !== first.accountId)) return refuse(names, 'must name one account, the same in every place');
  return { kind: 'named', accountId: first.accountId };
}
