/**
 * The only source of time. Times are milliseconds since the epoch unless a name says otherwise.
 * An abstract class, so that it is its own injection token; a plain object with these methods is a Clock too.
 */
export abstract class Clock {
  /** Returns the current time. */
  abstract nowMs(): number;
  /** Resolves after `ms`. Rejects with the signal's reason when the signal is aborted first. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
