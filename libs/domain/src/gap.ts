/** The reconciliations of one account because of gaps lie at least this far apart. */
export const GAP_RUN_INTERVAL_MS = 10 * 60_000;

/** Whether a gap may start a reconciliation now. `gapRunAt` is when a gap last started one, epoch milliseconds; 0 for never. */
export const isGapRunDue = ({ gapRunAt }: { readonly gapRunAt: number }, nowMs: number): boolean => nowMs - gapRunAt >= GAP_RUN_INTERVAL_MS;
