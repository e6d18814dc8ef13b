/** Shares out a vendor's request rate among all processes. */
export interface RequestLimiter {
  /** Resolves when one request may leave under every key; rejects with the signal's reason when it is aborted first. */
  acquire(keys: readonly string[], signal?: AbortSignal): Promise<void>;
}
