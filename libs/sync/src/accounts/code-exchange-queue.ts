import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Clock, TooManyRequestsError, TransientError } from '#domain';

/** For which host an exchange is, and whether an account has that host. */
export interface ExchangeHost {
  readonly host: string;
  readonly isKnownHost: boolean;
}

/** Receives a signal that is aborted when the process cannot wait any longer. */
type Exchange<Result> = (signal: AbortSignal) => Promise<Result>;

interface Waiter extends ExchangeHost {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** The most exchanges of this process that wait for their turn. */
export const MAX_WAITING_EXCHANGES = 50;
/** The most that run at a time: each waits for Kommo's token endpoint, for 15 s at most. */
const MAX_RUNNING = 4;
/** The deployment sends one exchange a second, so the whole queue needs this time at least. */
const RETRY_AFTER_SECONDS = MAX_WAITING_EXCHANGES;
/** How long a stopping process waits for running exchanges: a code that was sent is used up. */
const STOP_WITHIN_MS = 20_000;

/** Waiting exchanges of hosts, which take turns. */
class HostTurns {
  /** The host whose turn is next comes first. No host is without waiters. */
  private readonly hosts = new Map<string, Waiter[]>();

  add(waiter: Waiter): void {
    const waiting = this.hosts.get(waiter.host);
    if (waiting) waiting.push(waiter);
    else this.hosts.set(waiter.host, [waiter]);
  }

  count(host: string): number {
    return this.hosts.get(host)?.length ?? 0;
  }

  takeNext(): Waiter | undefined {
    const [turn] = this.hosts;
    if (!turn) return undefined;
    const [host, waiting] = turn;
    const next = waiting.shift();
    this.hosts.delete(host);
    if (waiting.length > 0) this.hosts.set(host, waiting);
    return next;
  }

  /** Removes the last waiter of the host that has the most, if it has more than `minimum`. */
  takeFromLongest(minimum: number): Waiter | undefined {
    const longest = [...this.hosts.values()].reduce<Waiter[]>((most, each) => (each.length > most.length ? each : most), []);
    if (longest.length <= minimum) return undefined;
    const last = longest.pop();
    if (last && longest.length === 0) this.hosts.delete(last.host);
    return last;
  }
}

/**
 * Exchanges of authorization codes of this process. Any client can cause them, so they have a bounded queue of their own: hosts of known
 * accounts come first, then the other hosts. Hosts take turns.
 */
@Injectable()
export class CodeExchangeQueue implements BeforeApplicationShutdown {
  private readonly known = new HostTurns();
  private readonly others = new HostTurns();
  private readonly stop = new AbortController();
  private waiting = 0;
  private running = 0;
  private isStopping = false;
  private onIdle = () => {};

  constructor(private readonly clock: Clock) {}

  /**
   * Runs `exchange` when its turn comes, and returns its result. Throws TooManyRequestsError when the queue is full, unless the last
   * exchange of another host gets this error in its place: one of an unknown host, or of a host with more exchanges. Throws
   * TransientError `stopping` when the process stops first, and what `exchange` throws.
   */
  async run<Result>(host: ExchangeHost, exchange: Exchange<Result>): Promise<Result> {
    if (this.isStopping) throw stopping();
    if (this.waiting >= MAX_WAITING_EXCHANGES) this.makeRoom(host);
    await this.waitForTurn(host);
    try {
      return await exchange(this.stop.signal);
    } finally {
      this.leave();
    }
  }

  /** Rejects what waits, and lets running exchanges end: a code that was sent is used up. Aborts them after 20 s. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    for (let next = this.takeNext(); next; next = this.takeNext()) next.reject(stopping());
    if (this.running === 0) return;
    const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
    const abort = () => this.stop.abort(stopping());
    const ended = new AbortController();
    await Promise.race([idle, this.clock.sleep(STOP_WITHIN_MS, ended.signal).then(abort, () => {})]);
    ended.abort();
    await idle;
  }

  private async waitForTurn(host: ExchangeHost): Promise<void> {
    await new Promise<void>((start, reject) => {
      this.turnsOf(host).add({ ...host, start, reject });
      this.waiting += 1;
      this.startNext();
    });
  }

  private turnsOf({ isKnownHost }: ExchangeHost): HostTurns {
    return isKnownHost ? this.known : this.others;
  }

  private makeRoom(host: ExchangeHost): void {
    const sameLine = this.turnsOf(host);
    const removed =
      (host.isKnownHost ? this.others.takeFromLongest(0) : undefined) ?? sameLine.takeFromLongest(sameLine.count(host.host) + 1);
    if (!removed) throw tooMany();
    this.waiting -= 1;
    removed.reject(tooMany());
  }

  private takeNext(): Waiter | undefined {
    const next = this.known.takeNext() ?? this.others.takeNext();
    if (next) this.waiting -= 1;
    return next;
  }

  private startNext(): void {
    const next = this.running < MAX_RUNNING ? this.takeNext() : undefined;
    if (!next) return;
    this.running += 1;
    next.start();
  }

  private leave(): void {
    this.running -= 1;
    this.startNext();
    if (this.running === 0) this.onIdle();
  }
}

const tooMany = (): TooManyRequestsError =>
  new TooManyRequestsError('Too many authorisations are waiting; try again later', RETRY_AFTER_SECONDS);

const stopping = (): TransientError => new TransientError('the process is stopping', { code: 'stopping', retryAfterMs: 0 });
