/** Unisender takes 500 rows per importContacts call (reference/unisender.md 3). */
export const MAX_ROWS_PER_CALL = 500;

/** The longest wait of a change for more changes, which would share its call. */
const MAX_WAIT_MS = 2_000;

/** Without a new change for this time, a call is due. */
const QUIET_MS = 300;

/** The changes of an account that wait to be pushed. */
export interface Backlog {
  readonly dirtyRows: number;
  readonly oldestDirtyAgeMs: number;
  /** The time since the account's last change. */
  readonly quietMs: number;
}

/** Whether to call Unisender now. A burst shares full calls; a single change is pushed soon. */
export const isFlushDue = ({ dirtyRows, oldestDirtyAgeMs, quietMs }: Backlog): boolean =>
  dirtyRows >= MAX_ROWS_PER_CALL || (dirtyRows > 0 && (oldestDirtyAgeMs >= MAX_WAIT_MS || quietMs >= QUIET_MS));
