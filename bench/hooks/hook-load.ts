import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock } from '#clock';

/** Where hooks go, and what they tell. */
export interface HookTarget {
  readonly port: number;
  readonly path: string;
  /** How many contacts the hooks are about, in an order that is spread over all of them. Default 20,000. */
  readonly contacts?: number;
  /** What every hook changes. Default: the address. */
  readonly changes?: 'address' | 'name';
}

/** What a load has measured. */
export interface LoadResult {
  /** Responses per second. */
  readonly perSecond: number;
  /** Responses with another status than 200. */
  readonly failed: number;
  /** From the time at which a hook was due until its response, in ms, in ascending order. */
  readonly latenciesMs: readonly number[];
  /** When the last hook with an address was due, by its address; epoch milliseconds. */
  readonly dueAtMs: ReadonlyMap<string, number>;
}

const MS_PER_SECOND = 1_000;
const DEFAULT_CONTACTS = 20_000;
/** The contacts of the hooks have this id and the following ones. */
export const FIRST_CONTACT = 51_000_000;
/** A prime: hooks in a row are about contacts far from each other. */
const STRIDE = 7_919;

let sent = 0;

/** The address of a contact of the hooks, as long as no hook changes it. */
export const emailOf = (id: number | string): string => `person${id}@example.com`;

/** The body of an update as Kommo sends it, of the next contact, and its address. */
function nextHook(accountId: number, { contacts = DEFAULT_CONTACTS, changes = 'address' }: HookTarget) {
  sent += 1;
  const id = FIRST_CONTACT + ((sent * STRIDE) % contacts);
  const [email, name] = changes === 'address' ? [emailOf(`${id}.${sent}`), `Person ${id}`] : [emailOf(id), `Person ${id} (${sent})`];
  const fields = {
    'account[id]': accountId,
    'account[subdomain]': `company${accountId}`,
    'contacts[update][0][id]': id,
    'contacts[update][0][name]': name,
    'contacts[update][0][responsible_user_id]': 504_141,
    'contacts[update][0][date_create]': 1_790_000_000,
    'contacts[update][0][last_modified]': 1_790_000_000 + sent,
    'contacts[update][0][created_user_id]': 504_141,
    'contacts[update][0][modified_user_id]': 504_141,
    'contacts[update][0][company_name]': 'Example Ltd',
    'contacts[update][0][linked_company_id]': 61_000_000,
    'contacts[update][0][account_id]': accountId,
    'contacts[update][0][created_at]': 1_790_000_000,
    'contacts[update][0][updated_at]': 1_790_000_000 + sent,
    'contacts[update][0][type]': 'contact',
    'contacts[update][0][custom_fields][0][id]': 4_396_817,
    'contacts[update][0][custom_fields][0][name]': 'Phone',
    'contacts[update][0][custom_fields][0][values][0][value]': '+1 555 0100',
    'contacts[update][0][custom_fields][0][values][0][enum]': 3_702_801,
    'contacts[update][0][custom_fields][0][code]': 'PHONE',
    'contacts[update][0][custom_fields][1][id]': 4_396_819,
    'contacts[update][0][custom_fields][1][name]': 'Email',
    'contacts[update][0][custom_fields][1][values][0][value]': email,
    'contacts[update][0][custom_fields][1][values][0][enum]': 3_702_813,
    'contacts[update][0][custom_fields][1][code]': 'EMAIL',
  };
  return {
    email,
    body: new URLSearchParams(Object.entries(fields).map(([key, value]): [string, string] => [key, String(value)])).toString(),
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Sends one hook at a time over one connection. When the server has closed it between two hooks, it opens another one. */
class HookClient {
  private received = '';
  private resolve: (status: number) => void = () => {};

  private constructor(
    private readonly port: number,
    private socket: Socket,
  ) {
    this.use(socket);
  }

  static async connect(port: number): Promise<HookClient> {
    return new HookClient(port, await open(port));
  }

  /** Sends one hook. Resolves with the status of the response; 0 when the connection ends without one. */
  async send({ path }: HookTarget, body: string): Promise<number> {
    if (!this.socket.writable) this.use(await open(this.port));
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
    const done = new Promise<number>((resolve) => (this.resolve = resolve));
    this.socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
    return done;
  }

  close(): void {
    this.socket.destroy();
  }

  private use(socket: Socket): void {
    this.socket = socket;
    this.received = '';
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk.toString('latin1')));
    // `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (socket === this.socket) this.resolve(0);
    });
  }

  private receive(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.received)?.[1] ?? 0);
    if (this.received.length < headEnd + 4 + length) return;
    const status = Number(this.received.slice(9, 12));
    this.received = '';
    this.resolve(status);
  }
}

async function withClients<T>(port: number, count: number, work: (clients: readonly HookClient[]) => Promise<T>): Promise<T> {
  const clients = await Promise.all(Array.from({ length: count }, () => HookClient.connect(port)));
  return work(clients).finally(() => clients.forEach((client) => client.close()));
}

/** Sends hooks and collects what comes back. Times are those of `performance`. */
class Sender {
  private failed = 0;
  private readonly latenciesMs: number[] = [];
  private readonly dueAtMs = new Map<string, number>();

  constructor(
    private readonly target: HookTarget,
    private readonly accountId: number,
  ) {}

  async send(client: HookClient, dueAt: number): Promise<void> {
    const { body, email } = nextHook(this.accountId, this.target);
    this.dueAtMs.set(email, performance.timeOrigin + dueAt);
    const status = await client.send(this.target, body);
    this.latenciesMs.push(performance.now() - dueAt);
    if (status !== 200) this.failed += 1;
  }

  result(elapsedMs: number): LoadResult {
    const { failed, latenciesMs, dueAtMs } = this;
    latenciesMs.sort((a, b) => a - b);
    return { perSecond: (latenciesMs.length * MS_PER_SECOND) / elapsedMs, failed, latenciesMs, dueAtMs };
  }
}

/** Sends hooks over so many connections, each one after the response to the one before, while `goesOn` returns true. */
function sendWhile(target: HookTarget, accountId: number, connections: number, goesOn: () => boolean): Promise<LoadResult> {
  return withClients(target.port, connections, async (clients) => {
    const sender = new Sender(target, accountId);
    const startedAt = performance.now();
    const run = async (client: HookClient) => {
      while (goesOn()) await sender.send(client, performance.now());
    };
    await Promise.all(clients.map(run));
    return sender.result(performance.now() - startedAt);
  });
}

/** Sends hooks over so many connections, each one after the response to the one before, for `durationMs`. */
export function sendAsFastAsPossible(target: HookTarget, accountId: number, connections: number, durationMs: number): Promise<LoadResult> {
  const endAt = performance.now() + durationMs;
  return sendWhile(target, accountId, connections, () => performance.now() < endAt);
}

/** Sends so many hooks over 16 connections, each one after the response to the one before. */
export function sendBurst(target: HookTarget, accountId: number, hooks: number): Promise<LoadResult> {
  let left = hooks;
  return sendWhile(target, accountId, 16, () => (left -= 1) >= 0);
}

/** Sends so many hooks per second, whether or not earlier ones have a response, for `durationMs`. */
export function sendAtRate(target: HookTarget, accountId: number, perSecond: number, durationMs: number): Promise<LoadResult> {
  return withClients(target.port, 64, async (clients) => {
    const sender = new Sender(target, accountId);
    const idle = [...clients];
    const due: number[] = [];
    const startedAt = performance.now();
    const serve = async (client: HookClient, dueAt: number): Promise<void> => {
      await sender.send(client, dueAt);
      const next = due.shift();
      if (next === undefined) idle.push(client);
      else await serve(client, next);
    };
    const running: Promise<void>[] = [];
    for (let count = 0; count < (perSecond * durationMs) / MS_PER_SECOND; count += 1) {
      const dueAt = startedAt + (count * MS_PER_SECOND) / perSecond;
      while (performance.now() < dueAt) await systemClock.sleep(1);
      const client = idle.pop();
      if (client) running.push(serve(client, dueAt));
      else due.push(dueAt);
    }
    await Promise.all(running);
    return sender.result(performance.now() - startedAt);
  });
}

/** So many parts of the hooks, each the tenth root of ten closer to all of them: up to 99.9 %. */
const CURVE_POINTS = 31;

/** The latency of each percentile, for a plot. */
export const toCurve = (load: Pick<LoadResult, 'latenciesMs'>): { readonly x: number; readonly y: number }[] =>
  Array.from({ length: CURVE_POINTS }, (_, index) => 1 - 10 ** (-index / 10)).map((part) => ({
    x: Number((part * 100).toFixed(4)),
    y: percentile(load, part),
  }));

/** The latency that so large a part of the hooks did not exceed. */
export const percentile = ({ latenciesMs }: Pick<LoadResult, 'latenciesMs'>, part: number): number =>
  latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * part))] ?? Number.NaN;
