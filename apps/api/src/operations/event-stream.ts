import type { ServerResponse } from 'node:http';
import type { StreamEvents } from './operations-responses.js';

/** A client that does not read this much is disconnected. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** One client of server-sent events. */
export class EventStream {
  constructor(private readonly response: ServerResponse) {}

  /** Sends an event. Disconnects a client that reads too slowly: it connects again and reads anew. */
  send<Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name]): void {
    this.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Sends a comment, so that no proxy closes a silent connection. */
  beat(): void {
    this.write(': still connected\n\n');
  }

  /** Ends the response. */
  close(): void {
    this.response.end();
  }

  private write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.writableLength > MAX_UNREAD_BYTES) this.response.destroy();
    else this.response.write(text);
  }
}
