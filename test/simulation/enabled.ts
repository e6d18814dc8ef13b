import { type Enabled, type StepKind, stepKinds } from './history.js';

/** Steps that the present service does not survive. Remove each one with its fix. */
const NOT_YET: ReadonlySet<StepKind> = new Set<StepKind>([]);

/** What histories may contain. */
export const enabled: Enabled = { steps: stepKinds.filter((kind) => !NOT_YET.has(kind)), twoAccounts: true, skew: true };

/** Problems of the present service. Remove each one with its fix. */
export const knownProblems: readonly RegExp[] = [
  // Seeds 534 and 509: not explained yet.
  /^removal: \d+ of \d+ addresses of account \d+ were removed without a confirmation/,
  /^removal: \S+ was deleted while another account keeps it on its list/,
  // A new key of the same Unisender account after the list was renamed: the account gets another list (R63).
  /^sync: \S+ is still on list \d+ of account/,
  /^sync: \S+ of \S+ is ".*", not ".*"/,
  /^sync: \S+ is not on list \d+ of account/,
];
