import { type QueueServer, RawClient, type ServerAddress } from '../../support/beanstalkd-process.js';

/**
 * What may differ between two servers that do the same: times, which process on which machine it is, and how often the
 * observer and the one who started them had to ask.
 */
const masked =
  /^(id: [0-9a-f]{16}|(age|time-left|pause-time-left|uptime|total-connections|pid|rusage-utime|rusage-stime|cmd-stats): .*)$/gm;

/** The answer in a form that every server with the same behaviour gives. */
export const mask = (text: string) =>
  text.replace(masked, (line) => `${line.slice(0, line.indexOf(':'))}: *`).replace(/OK \d+\r$/gm, 'OK *\r');

const withBody = /^(?:RESERVED \d+|FOUND \d+|OK) (\d+)$/;

/** Where the reply that begins at `at` ends; undefined while it is not complete. */
export function endOfReply(text: string, at: number): number | undefined {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const bodyBytes = withBody.exec(text.slice(at, lineEnd))?.[1];
  const end = lineEnd + 2 + (bodyBytes === undefined ? 0 : Number(bodyBytes) + 2);
  return end <= text.length ? end : undefined;
}

/** Knows how many replies are still to come. */
class CountingClient {
  private unread = '';
  private owed = 0;

  private constructor(private readonly raw: RawClient) {}

  static async connect(address: ServerAddress): Promise<CountingClient> {
    return new CountingClient(await RawClient.connect(address));
  }

  get hasResponded(): boolean {
    return this.owed === 0;
  }

  send(pieces: readonly string[], replies: number): void {
    this.owed += replies;
    for (const piece of pieces) this.raw.send(piece);
  }

  /** Every reply that came since, complete ones only. */
  take(): string {
    this.unread += this.raw.takeReceived();
    let end = 0;
    for (let next = endOfReply(this.unread, end); next !== undefined; next = endOfReply(this.unread, end)) {
      end = next;
      this.owed -= 1;
    }
    const taken = this.unread.slice(0, end);
    this.unread = this.unread.slice(end);
    return taken;
  }

  async untilResponded(): Promise<string> {
    let text = this.take();
    while (!this.hasResponded) {
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

/** One thing that one of several clients does. A `reserve` may be answered in a later turn. */
export type Turn =
  | { readonly client: number; readonly kind: 'send' | 'reserve'; readonly pieces: readonly string[]; readonly replies: number }
  | { readonly client: number; readonly kind: 'close' | 'quit' };

/** Several clients of one server. Each turn is over when the server has nothing more to say about it, without a look at any clock. */
export class Side {
  private readonly clients = new Map<number, CountingClient>();

  private constructor(
    private readonly server: QueueServer,
    private readonly observer: CountingClient,
  ) {}

  static async open(server: QueueServer): Promise<Side> {
    return new Side(server, await CountingClient.connect(server.address));
  }

  /** Whatever the clients received, in a form that every server with the same behaviour gives. */
  async play(turn: Turn): Promise<string> {
    const known = this.clients.get(turn.client);
    if (!('pieces' in turn)) return known ? this.end(turn.client, known, turn.kind) : '';
    if (known && !known.hasResponded) return 'still waiting';
    const client = known ?? (await this.connect(turn.client));
    client.send(turn.pieces, turn.replies);
    const answer = turn.kind === 'send' ? await client.untilResponded() : '';
    return mask(`${turn.client}: ${answer}`) + (await this.settle());
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
    if (how === 'quit' && client.hasResponded) await client.quit();
    client.close();
    this.clients.delete(index);
    return this.settle();
  }

  /** Until those who have no answer are exactly those who wait, those who left are gone, and nothing came since that was asked. */
  private async settle(): Promise<string> {
    const received = new Map<number, string>();
    for (;;) {
      this.observer.send(['stats\r\n'], 1);
      const stats = await this.observer.untilResponded();
      let isQuiet = true;
      for (const [index, client] of this.clients) {
        const news = client.take();
        received.set(index, (received.get(index) ?? '') + news);
        if (news !== '') isQuiet = false;
      }
      if (isQuiet && this.isSettled(stats)) return mask([...received].map(([index, text]) => `${index}: ${text}`).join('') + stats);
    }
  }

  private isSettled(stats: string): boolean {
    const count = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(stats)?.[1]);
    const unanswered = [...this.clients.values()].filter((client) => !client.hasResponded).length;
    return count('current-waiting') === unanswered && count('current-connections') === this.clients.size + 1;
  }
}
