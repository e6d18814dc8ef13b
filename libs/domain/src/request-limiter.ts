/**
 * Keeps a vendor's request limits over all processes. An abstract class, so that it is its own injection token; a plain object with
 * these methods is a RequestLimiter too.
 */
export abstract class RequestLimiter {
  /**
   * Resolves when one request may be sent under every key. Throws TransientError `vendor_paused` while a key is paused.
   * Rejects with the signal's reason when the signal is aborted first.
   */
  abstract acquire(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Stops all requests under the key for `forMs`, in every process: the vendor refused one for all of them. */
  abstract pause(key: string, forMs: number): Promise<void>;
}
