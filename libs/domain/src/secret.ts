import { createHash, timingSafeEqual } from 'node:crypto';

const MASK = '***';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * A text that must not be seen: printing it in any way (template, String, JSON, util.inspect, spread) gives `***` or nothing.
 * Only {@link Secret.reveal} gives the text; call it where it leaves for the one who is meant to have it, nowhere before.
 */
export class Secret {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static of(text: string): Secret {
    return new Secret(text);
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Whether `candidate` is this text, in a time that tells nothing about it. An empty secret matches nothing. */
  matches(candidate: string): boolean {
    return this.#text !== '' && timingSafeEqual(digest(this.#text), digest(candidate));
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
