import type { EmulatorPorts } from '../emulator-ports.js';
import type { SendOutbound } from '../http/outbound.js';
import { SendPool } from '../send-pool.js';
import type { UnisenderAccount, UnisenderHook } from './account.js';
import { unisenderTime } from './contact.js';
import { batchBody, singleEventBody, type UnisenderEvent } from './webhook-body.js';

/** One event for one receiver, with its attempts. */
export interface UnisenderDelivery {
  readonly account: UnisenderAccount;
  readonly hook: UnisenderHook;
  readonly event: UnisenderEvent;
  readonly firstAttemptAtMs: number;
  state: 'held' | 'sending' | 'retry' | 'delivered' | 'stopped' | 'dropped';
  readonly attempts: { atMs: number; status: number | null }[];
}

const retryMs = 10 * 60_000;
const giveUpMs = 24 * 60 * 60_000;
const keptDeliveries = 5000;

/** Sends events to receivers. Retries every ten minutes for a day until the response is 200 (reference unisender 8.1). */
export class UnisenderHookSender {
  readonly deliveries: UnisenderDelivery[] = [];
  private readonly pool = new SendPool(() => 10);

  constructor(private readonly ports: EmulatorPorts) {}

  /** Sends an event to every active hook of the account that is subscribed to it. */
  fire(account: UnisenderAccount, name: string, email: string, data: UnisenderEvent['data']): void {
    const nowMs = this.ports.clock.nowMs();
    const offset = this.ports.switches.get('unisender.clock_offset_seconds');
    const time = unisenderTime(Math.floor(nowMs / 1000) + offset);
    const event = { name, time, email, data: this.listIdsOf(account, email, data) };
    for (const hook of account.hooks) {
      if (hook.status !== 'active' || !isSubscribed(hook, event)) continue;
      const copies = 1 + this.ports.switches.get('unisender.hook_duplicates');
      for (let copy = 0; copy < copies; copy += 1)
        this.open({ account, hook, event, firstAttemptAtMs: nowMs, state: 'held', attempts: [] });
    }
  }

  /** Sends every delivery that is held or waits for a retry. Resolves after one attempt of each. */
  async flush(): Promise<UnisenderDelivery[]> {
    const due = this.deliveries.filter(({ state }) => state === 'held' || state === 'retry');
    await Promise.all(due.map((delivery) => this.attempt(delivery)));
    return due;
  }

  /** Drops the deliveries that are held or wait for a retry. Returns their number. */
  drop(): number {
    const due = this.deliveries.filter(({ state }) => state === 'held' || state === 'retry');
    for (const delivery of due) delivery.state = 'dropped';
    return due.length;
  }

  private listIdsOf(account: UnisenderAccount, email: string, data: UnisenderEvent['data']): UnisenderEvent['data'] {
    const form = this.ports.switches.get('unisender.event_list_ids');
    const withoutLists = Object.fromEntries(Object.entries(data).filter(([name]) => !name.endsWith('_list_ids')));
    if (form === 'absent') return withoutLists;
    const all = account.find(email)?.memberships.map(({ listId }) => listId) ?? [];
    return form === 'mixed' ? { ...data, list_ids: all } : data;
  }

  private open(delivery: UnisenderDelivery): void {
    this.deliveries.push(delivery);
    if (this.deliveries.length > keptDeliveries) this.deliveries.shift();
    if (!this.ports.switches.get('unisender.hook_hold')) void this.attempt(delivery);
  }

  private attempt(delivery: UnisenderDelivery): Promise<void> {
    delivery.state = 'sending';
    return this.pool.run(async () => {
      const { clock, send } = this.ports;
      const atMs = clock.nowMs();
      const result = await send(this.requestOf(delivery));
      const status = result.kind === 'responded' ? result.status : null;
      delivery.attempts.push({ atMs, status });
      if (status === 200) delivery.state = 'delivered';
      else this.handleFailure(delivery);
    });
  }

  private requestOf({ account, hook, event, attempts }: UnisenderDelivery): Parameters<SendOutbound>[0] {
    const form = hook.singleEvent ? singleEventBody : batchBody;
    const body = form(account.apiKey, account.login, event, attempts.length);
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    return { method: 'POST', url: hook.hookUrl, headers, body, timeoutMs: this.ports.switches.get('unisender.hook_timeout_ms') };
  }

  private handleFailure(delivery: UnisenderDelivery): void {
    const { clock, scheduler, switches } = this.ports;
    const scale = switches.get('unisender.hook_time_scale');
    if (clock.nowMs() + retryMs * scale - delivery.firstAttemptAtMs > giveUpMs * scale) {
      delivery.state = 'stopped';
      delivery.hook.status = 'stopped';
      return;
    }
    delivery.state = 'retry';
    const attemptsBefore = delivery.attempts.length;
    scheduler.after(retryMs * scale, () => {
      if (delivery.state === 'retry' && delivery.attempts.length === attemptsBefore) void this.attempt(delivery);
    });
  }
}

/** The filter of a hook is `*` or a list of ids. An event without lists passes only `*`. */
function isSubscribed(hook: UnisenderHook, event: UnisenderEvent): boolean {
  const filter = hook.events.get(event.name);
  if (filter === undefined) return false;
  if (filter === '*' || filter === '') return true;
  const wanted = filter.split(',').map(Number);
  const lists = Object.values(event.data).flatMap((value) => (Array.isArray(value) ? (value as number[]) : []));
  return lists.some((listId) => wanted.includes(listId));
}
