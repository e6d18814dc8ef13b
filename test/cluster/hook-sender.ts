import { systemClock } from '#clock';
import type { ServiceAccount } from '../support/service-account.js';

/** A contact whose creation a webhook reports. */
export interface SentContact {
  readonly id: number;
  readonly name: string;
  readonly email: string;
}

const RETRY_MS = 250;
const MS_PER_SECOND = 1_000;
const ACCEPTED = '200';
const MAX_TEXT = 60;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Sends webhooks of an account at a steady rate, as Kommo does, and repeats each until the response is 200. */
export class HookSender {
  /** Contacts whose webhook got 200, in the order of the responses. */
  readonly acknowledged: SentContact[] = [];
  /** The responses to all attempts by status and error code. */
  private readonly results = new Map<string, number>();
  private readonly stopping = new AbortController();
  private readonly pending = new Set<Promise<void>>();
  private loop: Promise<void> | undefined;
  private created = 0;

  /** `url` is where the account's webhooks go. */
  constructor(
    private readonly account: ServiceAccount,
    private readonly url: string,
    private readonly perSecond: number,
  ) {}

  /** Starts to send. */
  start(): void {
    this.loop = this.run();
    // `finish` throws the failure; an interrupted trial does not call it.
    this.loop.catch(() => {});
  }

  /** The number of attempts so far, and of those with another response than 200. */
  get attempts(): { readonly sent: number; readonly refused: number } {
    const sent = [...this.results.values()].reduce((sum, count) => sum + count, 0);
    return { sent, refused: sent - (this.results.get(ACCEPTED) ?? 0) };
  }

  /** How often each result was received, for example `200: 5000, 503 database_unavailable: 3`. */
  describeResults(): string {
    return [...this.results].map(([result, count]) => `${result}: ${count}`).join(', ');
  }

  /** Sends no new webhooks. Resolves when every sent one has got 200. */
  async finish(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await Promise.all(this.pending);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const contacts = await this.createContacts();
      const beganMs = systemClock.nowMs();
      for (const [index, contact] of contacts.entries()) {
        await systemClock.sleep(Math.max(0, beganMs + (index * MS_PER_SECOND) / this.perSecond - systemClock.nowMs()));
        const sending = this.sendUntilAccepted(contact).finally(() => this.pending.delete(sending));
        this.pending.add(sending);
      }
    }
  }

  /** Creates the contacts of one second in Kommo, without webhooks of the emulator. */
  private async createContacts(): Promise<SentContact[]> {
    const fresh = Array.from({ length: this.perSecond }, () => {
      this.created += 1;
      return { name: `Contact ${this.created}`, email: `contact${this.created}@example.com` };
    });
    const ids = await this.account.createMany(fresh.map(({ name, email }) => ({ name, emails: [email], hooks: false })));
    return fresh.map((contact, index) => ({ ...contact, id: ids[index] ?? 0 }));
  }

  private async sendUntilAccepted(contact: SentContact): Promise<void> {
    const body = toBody(this.account.accountId, contact);
    for (;;) {
      const result = await this.post(body);
      this.results.set(result, (this.results.get(result) ?? 0) + 1);
      if (result === ACCEPTED) break;
      await systemClock.sleep(RETRY_MS);
    }
    this.acknowledged.push(contact);
  }

  private async post(body: URLSearchParams): Promise<string> {
    try {
      const response = await fetch(this.url, { method: 'POST', headers: FORM, body });
      const text = await response.text();
      return response.status === 200 ? ACCEPTED : `${response.status} ${findErrorCode(text)}`;
    } catch {
      return 'no response';
    }
  }
}

/** The code in a response of the service, or the text of the balancer. */
function findErrorCode(text: string): string {
  return /"error":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, MAX_TEXT);
}

function toBody(accountId: number, { id, name, email }: SentContact): URLSearchParams {
  const contact = 'contacts[add][0]';
  const now = String(Math.floor(systemClock.nowMs() / MS_PER_SECOND));
  return new URLSearchParams({
    'account[id]': String(accountId),
    [`${contact}[id]`]: String(id),
    [`${contact}[name]`]: name,
    [`${contact}[type]`]: 'contact',
    [`${contact}[account_id]`]: String(accountId),
    [`${contact}[created_at]`]: now,
    [`${contact}[updated_at]`]: now,
    [`${contact}[custom_fields][0][id]`]: '1',
    [`${contact}[custom_fields][0][name]`]: 'Email',
    [`${contact}[custom_fields][0][code]`]: 'EMAIL',
    [`${contact}[custom_fields][0][values][0][value]`]: email,
  });
}
