import { randomUUID } from 'node:crypto';
import type { EmulatorPorts } from '../emulator-ports.js';
import type { OutboundResult, SendOutbound } from '../http/outbound.js';
import { SendPool } from '../send-pool.js';
import type { KommoAccount } from './account.js';
import type { ContactEvent } from './contact-service.js';
import { hookBody } from './hook-body.js';
import type { Webhook } from './webhook.js';

type DeliveryState = 'held' | 'delayed' | 'sending' | 'retry' | 'delivered' | 'failed' | 'lost' | 'dropped';

/** One POST to a receiver, with its retries. */
export interface Delivery {
  readonly seq: number;
  readonly accountId: number;
  readonly webhook: Webhook;
  readonly body: string;
  readonly entities: number;
  requestId: string;
  state: DeliveryState;
  readonly attempts: { atMs: number; status: number | null }[];
}

const minuteMs = 60_000;
const retryWaitsMinutes = [5, 15, 15, 60];
const attemptsAfterClientError = 3;
const keptDeliveries = 20_000;
const invalidWindowMs = 120 * minuteMs;

/** Turns contact events into deliveries, sends them and retries (reference kommo 5.5). */
export class KommoHookSender {
  private readonly deliveries: Delivery[] = [];
  private readonly batches = new Map<Webhook, { account: KommoAccount; events: ContactEvent[] }>();
  private readonly pool: SendPool;
  private lastSeq = 0;
  private toLose = 0;

  constructor(private readonly ports: EmulatorPorts) {
    this.pool = new SendPool(() => ports.switches.get('kommo.hook_concurrency'));
  }

  /** Creates deliveries for every webhook that is subscribed to the event. */
  notify(account: KommoAccount, event: ContactEvent): void {
    for (const webhook of account.webhooks) {
      const copies = webhook.disabled ? 0 : this.countSubscriptions(webhook, event);
      for (let copy = 0; copy < copies; copy += 1) this.collect(account, webhook, event);
    }
    const { switches, scheduler } = this.ports;
    if (event.action === 'add' && switches.get('kommo.add_followed_by_update')) {
      scheduler.after(switches.get('kommo.add_follow_up_ms'), () => this.followUp(account, event));
    }
  }

  /** Loses the next `count` deliveries without an attempt. */
  lose(count: number): void {
    this.toLose = count;
  }

  /** Deliveries of one account, or of all, oldest first. */
  list(accountId?: number): readonly Delivery[] {
    return accountId === undefined ? this.deliveries : this.deliveries.filter((delivery) => delivery.accountId === accountId);
  }

  /** Sends every delivery that is held, batched, delayed or waits for a retry. Resolves after one attempt of each. */
  async flush(): Promise<Delivery[]> {
    for (const webhook of [...this.batches.keys()]) this.emitBatch(webhook);
    const due = this.ordered(this.deliveries.filter(({ state }) => state === 'held' || state === 'delayed' || state === 'retry'));
    await Promise.all(due.map((delivery) => this.attempt(delivery)));
    return due;
  }

  /** Drops every delivery that was not sent yet. Returns their number. */
  drop(): number {
    for (const webhook of [...this.batches.keys()]) this.emitBatch(webhook);
    const waiting = this.deliveries.filter(({ state }) => state === 'held' || state === 'delayed' || state === 'retry');
    for (const delivery of waiting) delivery.state = 'dropped';
    return waiting.length;
  }

  private countSubscriptions(webhook: Webhook, event: ContactEvent): number {
    const { type } = event.contact;
    const plain = webhook.settings.includes(`${event.action}_${type}`);
    const owner = event.oldResponsibleUserId !== undefined && webhook.settings.includes(`responsible_${type}`);
    if (plain && owner && this.ports.switches.get('kommo.responsible_twice')) return 2;
    return plain || owner ? 1 : 0;
  }

  private followUp(account: KommoAccount, event: ContactEvent): void {
    const current = account.contactsOf(event.contact.type).get(event.contact.id);
    if (!current || current.isDeleted || current.updatedAt !== event.contact.updatedAt) return;
    const contact = { ...current, updatedAt: Math.max(current.updatedAt, Math.floor(this.ports.clock.nowMs() / 1000)) };
    account.contactsOf(contact.type).put(contact);
    this.notify(account, { action: 'update', contact });
  }

  private collect(account: KommoAccount, webhook: Webhook, event: ContactEvent): void {
    const size = this.ports.switches.get('kommo.hook_batch');
    if (size <= 1) return this.emit(account, webhook, [event]);
    const batch = this.batches.get(webhook) ?? this.openBatch(account, webhook);
    batch.events.push(event);
    if (batch.events.length >= size) this.emitBatch(webhook);
  }

  private openBatch(account: KommoAccount, webhook: Webhook): { account: KommoAccount; events: ContactEvent[] } {
    const batch = { account, events: [] };
    this.batches.set(webhook, batch);
    this.ports.scheduler.after(this.ports.switches.get('kommo.hook_batch_window_ms'), () => {
      if (this.batches.get(webhook) === batch) this.emitBatch(webhook);
    });
    return batch;
  }

  private emitBatch(webhook: Webhook): void {
    const batch = this.batches.get(webhook);
    this.batches.delete(webhook);
    if (batch) this.emit(batch.account, webhook, batch.events);
  }

  private emit(account: KommoAccount, webhook: Webhook, events: readonly ContactEvent[]): void {
    const body = hookBody(account, events, this.ports.switches);
    const copies = 1 + this.ports.switches.get('kommo.hook_duplicates');
    for (let copy = 0; copy < copies; copy += 1) this.dispatch(this.open(account.id, webhook, body, events.length));
  }

  private open(accountId: number, webhook: Webhook, body: string, entities: number): Delivery {
    const seq = ++this.lastSeq;
    const delivery: Delivery = { seq, accountId, webhook, body, entities, requestId: randomUUID(), state: 'sending', attempts: [] };
    this.deliveries.push(delivery);
    if (this.deliveries.length > keptDeliveries * 1.25) this.forgetFinished();
    return delivery;
  }

  private forgetFinished(): void {
    const isFinished = ({ state }: Delivery) => state === 'delivered' || state === 'failed' || state === 'lost' || state === 'dropped';
    const kept = this.deliveries.filter((delivery, index) => index >= this.deliveries.length - keptDeliveries || !isFinished(delivery));
    this.deliveries.splice(0, this.deliveries.length, ...kept);
  }

  private dispatch(delivery: Delivery): void {
    const { switches, scheduler } = this.ports;
    if (this.toLose > 0) {
      this.toLose -= 1;
      delivery.state = 'lost';
    } else if (switches.get('kommo.hook_hold')) {
      delivery.state = 'held';
    } else {
      const delayMs = switches.get('kommo.hook_delay_ms');
      delivery.state = 'delayed';
      scheduler.after(delayMs, () => {
        if (delivery.state === 'delayed') void this.attempt(delivery);
      });
    }
  }

  private ordered(due: Delivery[]): Delivery[] {
    const order = this.ports.switches.get('kommo.hook_order');
    if (order === 'reverse') return due.reverse();
    if (order === 'sent') return due;
    const keyed = due.map((delivery) => ({ delivery, key: this.ports.random() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ delivery }) => delivery);
  }

  private attempt(delivery: Delivery): Promise<void> {
    delivery.state = 'sending';
    return this.pool.run(async () => {
      if (delivery.webhook.disabled) return void (delivery.state = 'dropped');
      const atMs = this.ports.clock.nowMs();
      const code = this.codeOf(await this.ports.send(this.requestOf(delivery)));
      delivery.attempts.push({ atMs, status: code });
      if (code >= 100 && code < 300) delivery.state = 'delivered';
      else this.handleFailure(delivery, code);
    });
  }

  private requestOf(delivery: Delivery): Parameters<SendOutbound>[0] {
    const retry = delivery.attempts.length > 0;
    if (retry && this.ports.switches.get('kommo.hook_request_id') === 'new') delivery.requestId = randomUUID();
    const headers = {
      'accept-encoding': 'gzip',
      'x-amocrm-requestid': delivery.requestId,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(delivery.body)),
      'user-agent': 'amoCRM-Webhooks/3.0',
    };
    const timeoutMs = this.ports.switches.get('kommo.hook_timeout_ms');
    return { method: 'POST', url: delivery.webhook.destination, headers, body: delivery.body, timeoutMs };
  }

  private codeOf(result: OutboundResult): number {
    if (result.kind === 'responded') return result.status;
    return result.kind === 'timeout' ? this.ports.switches.get('kommo.hook_timeout_code') : 0;
  }

  private handleFailure(delivery: Delivery, code: number): void {
    this.recordInvalidResponse(delivery.webhook);
    const waitMinutes = retryWaitMinutes(delivery.attempts.length, code);
    delivery.state = waitMinutes === undefined ? 'failed' : 'retry';
    if (waitMinutes === undefined) return;
    const waitMs = waitMinutes * minuteMs * this.ports.switches.get('kommo.hook_time_scale');
    const attemptsBefore = delivery.attempts.length;
    this.ports.scheduler.after(waitMs, () => {
      if (delivery.state === 'retry' && delivery.attempts.length === attemptsBefore) void this.attempt(delivery);
    });
  }

  private recordInvalidResponse(webhook: Webhook): void {
    const { clock, switches } = this.ports;
    const now = clock.nowMs();
    const since = now - invalidWindowMs * switches.get('kommo.hook_time_scale');
    webhook.invalidAtMs = [...webhook.invalidAtMs.filter((atMs) => atMs > since), now];
    if (webhook.invalidAtMs.length > switches.get('kommo.hook_disable_after')) webhook.disabled = true;
  }
}

/** Minutes between attempt number `attempts` and the next, after the response code `code`. Undefined: no next attempt. */
export function retryWaitMinutes(attempts: number, code: number): number | undefined {
  const serverSide = code === 499 || (code >= 500 && code < 600);
  if (!serverSide && attempts >= attemptsAfterClientError) return undefined;
  return retryWaitsMinutes[attempts - 1];
}
