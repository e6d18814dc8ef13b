/** Every allowed change of an account's status. */
const transitions = {
  pending_authorization: ['active', 'disconnected'],
  active: ['reauthorization_required', 'suspended', 'disconnected'],
  reauthorization_required: ['active', 'suspended', 'disconnected'],
  suspended: ['active', 'reauthorization_required', 'disconnected'],
  disconnected: ['active'],
} as const satisfies Record<string, readonly string[]>;

/** Where an account stands; only `active` ones are worked on. */
export type AccountStatus = keyof typeof transitions;

/** Every status. */
export const accountStatuses = Object.keys(transitions) as AccountStatus[];

/** The statuses from which `target` may be reached; not `target` itself. */
export const accountStatusesBefore = (target: AccountStatus): AccountStatus[] =>
  accountStatuses.filter((status) => (transitions[status] as readonly string[]).includes(target));
