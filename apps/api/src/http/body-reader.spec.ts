import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { BodyBudget } from './body-budget.js';
import { readBody } from './body-reader.js';

function read(maxBytes: number, budget = new BodyBudget({ maxBytes: 1_000, maxBytesPerCaller: 1_000 })) {
  const stream = new PassThrough();
  const share = budget.open('a');
  const body = new Promise<string>((resolve, reject) => {
    readBody(stream, { maxBytes, share }, (error, bytes) => (error ? reject(error) : resolve(String(bytes))));
  });
  return { stream, body };
}

describe('S02: readBody', () => {
  it('returns the bytes', async () => {
    const { stream, body } = read(6);
    stream.write('abc');
    stream.end('def');
    expect(await body).toBe('abcdef');
  });

  it('stops at the limit, and drops what follows', async () => {
    const { stream, body } = read(5);
    stream.write('abcdef');
    await expect(body).rejects.toMatchObject({ code: 'body_too_large' });
    stream.write('x'.repeat(100_000));
    expect(stream.readableLength).toBeLessThan(100_000);
  });

  it('stops when the budget of bodies is used up', async () => {
    const { stream, body } = read(500, new BodyBudget({ maxBytes: 10, maxBytesPerCaller: 10 }));
    stream.write('x'.repeat(11));
    await expect(body).rejects.toMatchObject({ code: 'server_busy' });
  });

  it('destroys a connection that continues for long after an error', async () => {
    const { stream, body } = read(5);
    stream.write('abcdef');
    await expect(body).rejects.toThrow();
    stream.write(Buffer.alloc(9 * 1_024 * 1_024));
    await new Promise((resolve) => stream.once('close', resolve));
  });

  it('reports a body that ends early', async () => {
    const { stream, body } = read(5);
    stream.destroy(new Error('aborted'));
    await expect(body).rejects.toMatchObject({ code: 'bad_body' });
  });
});
