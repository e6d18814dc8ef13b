import { describe, expect, it } from '@jest/globals';
import { BodyStore, textOf } from '../core/body-store.js';
import { CommandReader, overlongLine } from './command-reader.js';

function readLines(chunks: readonly string[]): string[] {
  const reader = new CommandReader(new BodyStore());
  const lines: string[] = [];
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk, 'latin1'));
    for (let line = reader.line(); line !== undefined; line = reader.line()) lines.push(line === overlongLine ? 'overlong' : line);
  }
  return lines;
}

const bodyOf = (size: number) => '\r\n\xe9'.repeat(size).slice(0, size);

/** Each line contains the size of the body after it. */
function readJobs(stream: Buffer, chunkBytes: number): string[][] {
  const reader = new CommandReader(new BodyStore());
  const jobs: string[][] = [];
  let line: ReturnType<CommandReader['line']>;
  for (let at = 0; at < stream.length; at += chunkBytes) {
    reader.push(stream.subarray(at, at + chunkBytes));
    for (line ??= reader.line(); typeof line === 'string'; line = reader.line()) {
      const body = reader.bytes(Number(line.slice(4)));
      if (body === undefined) break;
      jobs.push([line, textOf(body)]);
    }
  }
  return jobs;
}

describe('CommandReader', () => {
  it.each([
    ['two lines', 'stats\r\nquit\r\n', ['stats', 'quit']],
    ['an empty line', '\r\n', ['']],
    ['a lone line feed inside a line', 'a\nb\r\n', ['a\nb']],
    ['the longest line', `${'x'.repeat(222)}\r\nquit\r\n`, ['x'.repeat(222), 'quit']],
    ['a line that is far too long', `${'x'.repeat(500)}\r\nquit\r\n`, ['overlong', 'quit']],
    ['a line end across the edge of the 224 bytes, which is missed', `${'x'.repeat(223)}\r\nquit\r\n`, ['overlong']],
    ['a carriage return that hides the later line end', `a\rb\r\n${'y'.repeat(230)}\r\nquit\r\n`, ['overlong', 'quit']],
  ])('reads %s when the stream is cut at any byte', (_name, text, expected) => {
    expect(readLines([text])).toEqual(expected);
    expect(readLines([...text])).toEqual(expected);
    for (let cut = 1; cut < text.length; cut += 1) expect(readLines([text.slice(0, cut), text.slice(cut)])).toEqual(expected);
  });

  it('returns a small body as text with one character for each byte', () => {
    const reader = new CommandReader(new BodyStore());
    reader.push(Buffer.from([0, 13, 10, 255, 65]));
    expect(reader.bytes(4)).toBe('\0\r\n\xff');
  });

  it('returns a large body as a copy, so that the chunk that it arrived in can be freed', () => {
    const reader = new CommandReader(new BodyStore());
    const chunk = Buffer.alloc(1000, 255);
    reader.push(chunk);
    const body = reader.bytes(990);
    chunk.fill(0);
    expect(body && textOf(body)).toBe('\xff'.repeat(990));
  });

  it('reads the same lines and bodies when a long stream is cut at any byte', () => {
    const sizes = Array.from({ length: 60 }, (_, index) => (index * index * 7) % 1500);
    const stream = Buffer.from(sizes.map((size) => `put ${size}\r\n${bodyOf(size)}`).join(''), 'latin1');
    for (const cut of [1, 7, 223, 1023, 1024, 1025, 4096, stream.length]) {
      expect(readJobs(stream, cut)).toEqual(sizes.map((size) => [`put ${size}`, bodyOf(size)]));
    }
  });

  it('joins a body from many chunks and continues behind it', () => {
    const reader = new CommandReader(new BodyStore());
    for (const byte of 'abcdef') {
      reader.push(Buffer.from(byte));
    }
    expect(reader.bytes(4)).toBe('abcd');
    expect(reader.bytes(4)).toBeUndefined();
    reader.push(Buffer.from('ghquit\r\n'));
    expect(reader.bytes(4)).toBe('efgh');
    expect(reader.line()).toBe('quit');
  });

  it('joins a body that is larger than the first allocation', () => {
    const reader = new CommandReader(new BodyStore());
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    for (let at = 0; at < body.length; at += 7_777) {
      expect(reader.bytes(body.length)).toBeUndefined();
      reader.push(body.subarray(at, at + 7_777));
    }
    reader.push(Buffer.from('quit\r\n'));
    const read = reader.bytes(body.length);
    expect(read && textOf(read)).toBe(body.toString('latin1'));
    expect(reader.line()).toBe('quit');
  });

  it('counts the bytes that were pushed and not read', () => {
    const reader = new CommandReader(new BodyStore());
    ['quit\r\nst', 'ats', '\r', '\n'].forEach((chunk) => reader.push(Buffer.from(chunk)));
    expect(reader.waitingBytes).toBe(13);
    reader.line();
    expect(reader.waitingBytes).toBe(7);
    expect(reader.line()).toBe('stats');
    expect(reader.waitingBytes).toBe(0);
  });

  it('keeps the order of chunks that arrive while older ones are unread', () => {
    const reader = new CommandReader(new BodyStore());
    for (const text of ['one\r\n', 'two\r\n']) reader.push(Buffer.from(text));
    expect(reader.line()).toBe('one');
    reader.push(Buffer.from('three\r\n'));
    expect([reader.line(), reader.line()]).toEqual(['two', 'three']);
  });

  it('skips bytes as they arrive', () => {
    const reader = new CommandReader(new BodyStore());
    reader.push(Buffer.from('abc'));
    expect(reader.skip(5)).toBe(3);
    reader.push(Buffer.from('deok\r\n'));
    expect(reader.skip(2)).toBe(2);
    expect(reader.line()).toBe('ok');
  });
});
