import type { Readable } from 'node:stream';
import { InvalidInputError, TransientError } from '#domain';
import type { BodyShare } from './body-budget.js';
import { bodyTooLarge } from './body-limits.js';

/** So much of a refused body is read and dropped, so that its sender can read the response. Then the connection ends. */
const MAX_DROPPED_BYTES = 8 * 1_024 * 1_024;

/** What one body may take. */
export interface BodyAdmission {
  readonly maxBytes: number;
  readonly share: BodyShare;
}

type Done = (error: Error | null, body?: Buffer) => void;

const noRoom = () => new TransientError('too many bodies are in memory', { code: 'server_busy', retryAfterMs: 1_000 });

const cutOff = (cause: unknown) => new InvalidInputError('The body ended early', { code: 'bad_body', cause });

/** Reads a body that is not used, and drops it. Destroys the connection when the body is too long. */
export function dropBody(stream: Readable): void {
  let left = MAX_DROPPED_BYTES;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) stream.destroy();
  });
}

/**
 * Reads a body within its limit and its share, and calls `done` once: with InvalidInputError `body_too_large` or `bad_body`, or
 * TransientError `server_busy`. What comes after an error is dropped.
 */
export function readBody(stream: Readable, { maxBytes, share }: BodyAdmission, done: Done): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = (error: Error | null) => {
    stream.off('data', add).off('end', end).off('error', fail);
    // A copy: the chunks may be views of memory that the socket uses again.
    if (!error) return done(null, Buffer.concat(chunks, length));
    chunks.length = 0;
    dropBody(stream);
    done(error);
  };
  const add = (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) return finish(bodyTooLarge(maxBytes));
    if (!share.take(chunk.length)) return finish(noRoom());
    chunks.push(chunk);
  };
  const end = () => finish(null);
  const fail = (error: unknown) => finish(cutOff(error));
  stream.on('data', add).on('end', end).on('error', fail);
}
