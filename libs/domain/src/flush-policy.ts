/** Unisender takes 500 rows per importContacts call (reference/unisender.md 3). */
export const MAX_ROWS_PER_CALL = 500;

/** How long changes of an account may wait for company before a smaller call goes out. */
const MAX_WAIT_MS = 2_000;

/** With so few changes a call is due as soon as no more come in. */
const QUIET_MS = 300;

/** What waits to be told, at one moment. */
export interface Backlog {
  readonly dirtyRows: number;
  readonly oldestDirtyAgeMs: number;
  /** Since the last change of the account came in. */
  readonly quietMs: number;
}

/** Whether to call Unisender now, so that a burst costs full calls and a single change is not kept waiting. */
export const isFlushDue = ({ dirtyRows, oldestDirtyAgeMs, quietMs }: Backlog): boolean =>
  dirtyRows >= MAX_ROWS_PER_CALL || (dirtyRows > 0 && (oldestDirtyAgeMs >= MAX_WAIT_MS || quietMs >= QUIET_MS));
