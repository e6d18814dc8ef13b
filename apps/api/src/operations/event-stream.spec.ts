import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { EventStream } from './event-stream.js';

class FakeResponse {
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  readonly written: string[] = [];

  write(text: string): void {
    this.written.push(text);
    this.writableLength += text.length;
  }

  end(): void {
    this.writableEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

describe('EventStream', () => {
  const open = () => {
    const response = new FakeResponse();
    return { response, stream: new EventStream(response as unknown as ServerResponse) };
  };

  it('sends an event with its data in one line, and comments', () => {
    const { response, stream } = open();
    stream.send('problem', { error: 'a\nb' });
    stream.beat();
    expect(response.written).toEqual(['event: problem\ndata: {"error":"a\\nb"}\n\n', ': still connected\n\n']);
  });

  it('disconnects a client that does not read a megabyte', () => {
    const { response, stream } = open();
    const error = 'x'.repeat(600_000);
    for (let sent = 0; sent < 5; sent += 1) stream.send('problem', { error });
    expect(response.written).toHaveLength(2);
    expect(response.destroyed).toBe(true);
  });

  it('sends nothing after its end', () => {
    const { response, stream } = open();
    stream.close();
    stream.send('problem', { error: 'late' });
    expect(response.written).toEqual([]);
  });
});
