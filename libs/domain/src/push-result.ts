/** The numbers of a response to one call (reference/unisender.md 4.4). */
export interface ResponseCounts {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly invalid: number;
  /** The refused rows: their index in the call, and Unisender's code. */
  readonly rejected: readonly { readonly index: number; readonly code: string }[];
}

/** The refused rows of a call by their index. */
export type RejectedCodes = ReadonlyMap<number, string>;

/**
 * Returns the refused rows of a response that is believed: its sums explain every row. Undefined otherwise. A single row needs no log.
 */
export function explainResponse({ rejected, ...counts }: ResponseCounts, rows: number): RejectedCodes | undefined {
  const { total, inserted, updated, deleted, invalid } = counts;
  if (total !== rows || inserted + updated + deleted + invalid !== rows) return undefined;
  const codes = new Map(rejected.map(({ index, code }) => [index, code]));
  if (codes.size === invalid) return codes;
  return rows === 1 && invalid === 1 ? new Map([[0, UNEXPLAINED]]) : undefined;
}

/** The code of a row that Unisender refused, or did not count, without a reason. */
export const UNEXPLAINED = 'unexplained';

/**
 * Returns the origin of addresses of one call in which all rows were sent for the first time. The response has only sums: it proves an
 * origin only when it is the same for all rows.
 */
export function originOfFirst({ inserted, updated }: Pick<ResponseCounts, 'inserted' | 'updated'>, accepted: number) {
  if (inserted === accepted && updated === 0) return 'ours';
  return inserted === 0 ? 'preexisting' : 'uncertain';
}

/** Local parts of addresses that belong to no person: Unisender does not import them (reference/unisender.md 4.3). */
const roleLocalParts = new Set(
  'abuse,admin,administrator,all,billing,contact,feedback,help,hostmaster,info,mail,marketing,no-reply,noreply,office,postmaster,root,sales,security,spam,support,webmaster'.split(
    ',',
  ),
);

/** Whether Unisender refuses the address for ever: bad syntax, or a role address. Other refusals are tried again. */
export const isFinalRefusal = (email: string, code: string): boolean =>
  code === 'e_address__e_syntax' || roleLocalParts.has(email.slice(0, email.lastIndexOf('@')));

/** Returns the fields of a row: those with a value, and those that must lose a value that we wrote. An empty value overwrites no other. */
export const fieldsToSend = (values: Readonly<Record<string, string>>, written: readonly string[]): string[] =>
  Object.keys(values)
    .filter((name) => values[name] !== '' || written.includes(name))
    .sort();

/** Returns the fields in which we wrote a value, after a push of these fields. */
export function writtenAfter(values: Readonly<Record<string, string>>, written: readonly string[]): string[] {
  const others = written.filter((name) => !Object.hasOwn(values, name));
  return [...others, ...Object.keys(values).filter((name) => values[name] !== '')].sort();
}

/** Whether Unisender shows every value that a push sends. An empty value must only be shown where we wrote a value before. */
export const showsValues = (
  values: Readonly<Record<string, string>>,
  written: readonly string[],
  shown: Readonly<Record<string, string>>,
): boolean => fieldsToSend(values, written).every((name) => (shown[name] ?? '').trim() === (values[name] ?? '').trim());
