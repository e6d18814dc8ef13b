import { randomBytes } from 'node:crypto';

const TIME_DIGITS = 9;
const COUNTER_DIGITS = 4;
const COUNTER_LIMIT = 36 ** COUNTER_DIGITS;

/** Makes ids that sort by arrival within a process and never meet those of another. 26 characters. */
export class EventIds {
  private lastMs = 0;
  private counter = 0;
  private readonly suffix = randomBytes(6).toString('hex');

  /** The id of an event that came in now. */
  next(nowMs: number): string {
    const isLater = nowMs > this.lastMs;
    this.counter = isLater ? 0 : this.counter + 1;
    this.lastMs = isLater ? nowMs : this.lastMs + Math.floor(this.counter / COUNTER_LIMIT);
    const time = this.lastMs.toString(36).padStart(TIME_DIGITS, '0');
    return `${time}-${(this.counter % COUNTER_LIMIT).toString(36).padStart(COUNTER_DIGITS, '0')}${this.suffix}`;
  }
}
