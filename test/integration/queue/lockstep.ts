import { type QueueServer, RawClient, type ServerAddress } from '../../support/beanstalkd-process.js';

/**
 * Fields that may differ between two servers with the same behaviour: times, process and machine, and counts of the requests
 * that the tests themselves send.
 */
const maskedFields =
  /^(id: [0-9a-f]{16}|(age|time-left|pause-time-left|uptime|total-connections|pid|rusage-utime|rusage-stime|cmd-stats): .*)$/gm;

/** Replaces everything in replies that may differ between two servers with the same behaviour. */
export const mask = (text: string) =>
  text.replace(maskedFields, (line) => `${line.slice(0, line.indexOf(':'))}: *`).replace(/OK \d+\r$/gm, 'OK *\r');

const withBody = /^(?:RESERVED \d+|FOUND \d+|OK) (\d+)$/;

/** Returns the end of the reply that begins at `at`; undefined while it is incomplete. */
export function endOfReply(text: string, at: number): number | undefined {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const bodyBytes = withBody.exec(text.slice(at, lineEnd))?.[1];
  const end = lineEnd + 2 + (bodyBytes === undefined ? 0 : Number(bodyBytes) + 2);
  return end <= text.length ? end : undefined;
}

/** A client that counts the replies that are still missing. */
class CountingClient {
  private unread = '';
  private missingReplies = 0;

  private constructor(private readonly raw: RawClient) {}

  static async connect(address: ServerAddress): Promise<CountingClient> {
    return new CountingClient(await RawClient.connect(address));
  }

  get hasAllReplies(): boolean {
    return this.missingReplies === 0;
  }

  send(pieces: readonly string[], replies: number): void {
    this.missingReplies += replies;
    for (const piece of pieces) this.raw.send(piece);
  }

  /** Removes and returns the complete replies that have arrived. */
  take(): string {
    this.unread += this.raw.takeReceived();
    let end = 0;
    for (let next = endOfReply(this.unread, end); next !== undefined; next = endOfReply(this.unread, end)) {
      end = next;
      this.missingReplies -= 1;
    }
    const taken = this.unread.slice(0, end);
    this.unread = this.unread.slice(end);
    return taken;
  }

  /** Waits for all missing replies and returns them. */
  async takeAll(): Promise<string> {
    let text = this.take();
    while (!this.hasAllReplies) {
      await this.raw.more();
      text += this.take();
    }
    return text;
  }

  async quit(): Promise<void> {
    this.raw.send('quit\r\n');
    await this.raw.ended();
  }

  close(): void {
    this.raw.close();
  }
}

/** One step of one client. The reply to a `reserve` may arrive in a later turn. */
export type Turn =
  | { readonly client: number; readonly kind: 'send' | 'reserve'; readonly pieces: readonly string[]; readonly replies: number }
  | { readonly client: number; readonly kind: 'close' | 'quit' };

/** One of two servers that play the same turns, and its clients. A turn ends when the server sends no more replies; no clock is used. */
export class LockstepServer {
  private readonly clients = new Map<number, CountingClient>();

  private constructor(
    private readonly server: QueueServer,
    private readonly observer: CountingClient,
  ) {}

  static async open(server: QueueServer): Promise<LockstepServer> {
    return new LockstepServer(server, await CountingClient.connect(server.address));
  }

  /** Plays one turn. Returns the masked replies to all clients and the masked `stats`. */
  async play(turn: Turn): Promise<string> {
    const known = this.clients.get(turn.client);
    if (!('pieces' in turn)) return known ? this.end(turn.client, known, turn.kind) : '';
    if (known && !known.hasAllReplies) return 'still waiting';
    const client = known ?? (await this.connect(turn.client));
    client.send(turn.pieces, turn.replies);
    const replies = turn.kind === 'send' ? await client.takeAll() : '';
    return mask(`${turn.client}: ${replies}`) + (await this.settle());
  }

  async stop(): Promise<void> {
    for (const client of [...this.clients.values(), this.observer]) client.close();
    await this.server.stop();
  }

  private async connect(index: number): Promise<CountingClient> {
    const client = await CountingClient.connect(this.server.address);
    this.clients.set(index, client);
    return client;
  }

  private async end(index: number, client: CountingClient, how: 'close' | 'quit'): Promise<string> {
    if (how === 'quit' && client.hasAllReplies) await client.quit();
    client.close();
    this.clients.delete(index);
    return this.settle();
  }

  /**
   * Waits until exactly the waiting clients miss a reply, closed connections are removed, and nothing has arrived since `stats`.
   * Returns the masked replies and `stats`.
   */
  private async settle(): Promise<string> {
    const received = new Map<number, string>();
    for (;;) {
      this.observer.send(['stats\r\n'], 1);
      const stats = await this.observer.takeAll();
      let isQuiet = true;
      for (const [index, client] of this.clients) {
        const text = client.take();
        received.set(index, (received.get(index) ?? '') + text);
        if (text !== '') isQuiet = false;
      }
      if (isQuiet && this.isSettled(stats)) return mask([...received].map(([index, text]) => `${index}: ${text}`).join('') + stats);
    }
  }

  private isSettled(stats: string): boolean {
    const count = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(stats)?.[1]);
    const waiting = [...this.clients.values()].filter((client) => !client.hasAllReplies).length;
    return count('current-waiting') === waiting && count('current-connections') === this.clients.size + 1;
  }
}
