import winston from 'winston';
import { Secret } from '#domain';
import { MASK } from './mask-text.js';

/** A shorter text would also be found inside ordinary words. */
const MIN_LENGTH = 8;
const MAX_DEPTH = 4;
/** The key under which winston's formats leave the finished line. */
const LINE = Symbol.for('message');

/** Collects each {@link Secret} in `value`, at any of its first levels. */
export function collectSecrets(value: unknown, depth = 0): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return [];
  return Object.values(value).flatMap((item) => collectSecrets(item, depth + 1));
}

/** The forms in which a log line may contain a text. */
const formsOf = (text: string): string[] => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)];

/** Hides these very secrets in finished lines, in any place and whatever form masking takes them for. */
export function hideExactSecrets(secrets: readonly Secret[]): winston.Logform.Format {
  const texts = [
    ...new Set(
      secrets
        .map((secret) => secret.reveal())
        .filter(({ length }) => length >= MIN_LENGTH)
        .flatMap(formsOf),
    ),
  ];
  const hide = (line: string) => texts.reduce((text, secret) => text.replaceAll(secret, MASK), line);
  return winston.format((info) => ({ ...info, [LINE]: hide(String(info[LINE])) }))();
}
