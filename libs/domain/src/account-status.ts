/** Every allowed change of an account's status. */
const transitions = {
  pending_authorization: ['active', 'disconnected'],
  active: ['reauthorization_required', 'suspended', 'disconnected'],
  reauthorization_required: ['active', 'suspended', 'disconnected'],
  suspended: ['active', 'reauthorization_required', 'disconnected'],
  disconnected: ['active'],
} as const satisfies Record<string, readonly string[]>;

/** The status of an account; jobs work on `active` accounts only. */
export type AccountStatus = keyof typeof transitions;

/** Every status. */
export const accountStatuses = Object.keys(transitions) as AccountStatus[];

/** Returns the statuses that may change to `target`; not `target` itself. */
export const accountStatusesBefore = (target: AccountStatus): AccountStatus[] =>
  accountStatuses.filter((status) => (transitions[status] as readonly string[]).includes(target));
