/** Shares out a vendor's request rate among all processes. */
export interface RequestLimiter {
  /**
   * Resolves when one request may leave under every key; rejects with the signal's reason when it is aborted first, and with
   * TransientError `vendor_paused` while a key is paused.
   */
  acquire(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Lets no request leave under the key for so long: the vendor refused one for everybody. */
  pause(key: string, forMs: number): Promise<void>;
}
