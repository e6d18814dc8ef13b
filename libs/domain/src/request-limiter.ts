import type { VendorRefusal } from './pause.js';

/**
 * Keeps a vendor's request limits over all processes. An abstract class, so that it is its own injection token; a plain object with
 * these methods is a RequestLimiter too.
 */
export abstract class RequestLimiter {
  /**
   * Resolves when one request may be sent under every key. Throws TransientError while a key is paused: `vendor_paused`, or the code of the
   * refusal.
   * Rejects with the signal's reason when the signal is aborted first. `line` is the waiting line, by default that of the first key.
   */
  abstract acquire(keys: readonly string[], signal?: AbortSignal, line?: string): Promise<void>;
  /** Stops further requests under the key in every process, because the vendor refused one. */
  abstract pause(key: string, refusal: VendorRefusal): Promise<void>;
  /** Forgets the refusals of the key, because a request under it succeeded. Needs no call of the database unless one is known. */
  abstract resume(key: string): Promise<void>;
}
