import { createHash, timingSafeEqual } from 'node:crypto';

const MASK = '***';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * A text that must not be printed: a template, String, JSON, util.inspect or a spread gives `***` or nothing. Only
 * {@link Secret.reveal} returns the text; call it where the text is sent or used, nowhere before.
 */
export class Secret {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Wraps a text. */
  static of(text: string): Secret {
    return new Secret(text);
  }

  /** Returns the text. */
  reveal(): string {
    return this.#text;
  }

  /** Whether `candidate` equals the text, compared in constant time. An empty secret matches nothing. */
  matches(candidate: string): boolean {
    return this.#text !== '' && timingSafeEqual(digest(this.#text), digest(candidate));
  }

  /** Returns `***`. */
  toString(): string {
    return MASK;
  }

  /** Returns `***`. */
  toJSON(): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
