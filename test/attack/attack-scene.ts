import { readFileSync } from 'node:fs';
import { systemClock } from '#clock';
import { listChildren } from '../support/built-process.js';
import { RawClient } from '../support/raw-client.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { percentile } from './attack.js';
import { type RawRequest, type RawResponse, sendRaw } from './raw-request.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const WATCH_EVERY_MS = 50;

/** Of /proc/PID/stat: proc(5). */
const [USER_TIME_FIELD, SYSTEM_TIME_FIELD, START_FIELD] = [13, 14, 21];
const MS_PER_TICK = 10;

/** The webhooks of a known account while an attack runs. */
export interface Watched<T> {
  readonly result: T;
  readonly statuses: readonly number[];
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time of the API meanwhile. */
  readonly apiCpuMs: number;
}

const toMiB = (bytes: number) => Math.round(bytes / 1_048_576);

/** The built service over the emulated vendors, with two connected accounts. */
export class AttackScene {
  private clients = 0;
  private readonly open: RawClient[] = [];

  private constructor(
    readonly service: ServiceProcesses,
    /** The account that is attacked. */
    readonly known: ServiceAccount,
    /** The account of the attacker. */
    readonly own: ServiceAccount,
    /** The secret part of the webhook URLs of the known account. */
    readonly hookToken: string,
  ) {}

  static async start(): Promise<AttackScene> {
    // The limits of a new installation, behind one proxy: each attack comes from a client IP of its own.
    const env = { PUBLIC_RATE_LIMIT_PER_MINUTE: '120', TRUST_PROXY: '1', KOMMO_REQUESTS_PER_SECOND: '7', LOG_LEVEL: 'debug' };
    const service = await ServiceProcesses.start({ mode: 'embedded', env });
    try {
      const [known, own] = [await service.addAccount(), await service.addAccount()];
      await known.createMany([{ name: 'First', emails: ['first@example.org'] }]);
      for (const account of [known, own]) await account.connect();
      const { webhooks } = await service.control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${known.accountId}`);
      const token = new URL(webhooks[0]?.destination ?? '').pathname.split('/').at(-1) ?? '';
      return new AttackScene(service, known, own, token);
    } catch (error) {
      await service.stop().catch(() => {});
      throw error;
    }
  }

  /** A client IP that was not used before. */
  newClient(): { readonly 'x-forwarded-for': string } {
    this.clients += 1;
    return { 'x-forwarded-for': `198.51.${this.clients >> 8}.${this.clients & 255}` };
  }

  async send(request: RawRequest): Promise<RawResponse> {
    return sendRaw(this.service.port, request);
  }

  /** Sends the same request many times, so many at once. */
  async sendMany(requests: readonly RawRequest[], atOnce = 20): Promise<RawResponse[]> {
    const rest = [...requests];
    const responses: RawResponse[] = [];
    const sendRest = async () => {
      for (let next = rest.shift(); next; next = rest.shift()) responses.push(await this.send(next));
    };
    await Promise.all(Array.from({ length: atOnce }, sendRest));
    return responses;
  }

  /** A socket; {@link closeClients} closes it. */
  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.service.port);
    this.open.push(client);
    return client;
  }

  closeClients(): void {
    for (const client of this.open.splice(0)) client.close();
  }

  /** A webhook of the known account: an empty one, unless a body is given. */
  async sendHook(body = ''): Promise<RawResponse> {
    return this.send({ method: 'POST', path: `/webhook/${this.hookToken}`, headers: FORM, body });
  }

  /** Sends webhooks of the known account while `work` runs. */
  async watch<T>(work: () => Promise<T>): Promise<Watched<T>> {
    const responses: Promise<RawResponse>[] = [];
    const cpuBefore = this.apiCpuMs();
    const timer = setInterval(() => responses.push(this.sendHook()), WATCH_EVERY_MS);
    try {
      const result = await work();
      responses.push(this.sendHook());
      const seen = await Promise.all(responses);
      const times = seen.map(({ ms }) => ms);
      const statuses = seen.map(({ status }) => status);
      const apiCpuMs = this.apiCpuMs() - cpuBefore;
      return { result, statuses, p99Ms: Math.round(percentile(times, 0.99)), maxMs: Math.round(Math.max(...times)), apiCpuMs };
    } finally {
      clearInterval(timer);
    }
  }

  /** The token of the widget's page, from the emulated Kommo. */
  async widgetToken(account: ServiceAccount): Promise<string> {
    const path = `/kommo/accounts/${account.accountId}/disposable-token`;
    return (await this.service.control.post<{ token: string }>(path, { client_id: this.service.clientId })).token;
  }

  /** Calls as the operator; returns the status and the time. */
  async sendAsOperator(request: RawRequest): Promise<RawResponse> {
    return this.send({ ...request, headers: { ...this.service.operator, ...request.headers } });
  }

  /** The resident memory of all processes of the service, in MiB. */
  memoryMiB(): number {
    const { pid } = this.service.command;
    return toMiB([pid, ...listChildren(pid).map((child) => child.pid)].reduce((sum, each) => sum + residentBytes(each), 0));
  }

  /** The resident memory of the API, in MiB. */
  apiMemoryMiB(): number {
    return toMiB(residentBytes(this.apiPid()));
  }

  private apiPid(): number {
    return listChildren(this.service.command.pid).find(({ command }) => command.includes('bundle/api.js'))?.pid ?? 0;
  }

  /** The start time of the API: it changes when the API dies and is started again. */
  apiStart(): string {
    return this.apiStat()[START_FIELD] ?? '';
  }

  /** The processor time that the API has used. */
  apiCpuMs(): number {
    const stat = this.apiStat();
    return (Number(stat[USER_TIME_FIELD]) + Number(stat[SYSTEM_TIME_FIELD])) * MS_PER_TICK;
  }

  private apiStat(): string[] {
    return readFileSync(`/proc/${this.apiPid()}/stat`, 'utf8').split(' ');
  }

  /** Waits. */
  async pause(ms: number): Promise<void> {
    await systemClock.sleep(ms);
  }

  async stop(): Promise<void> {
    this.closeClients();
    await this.service.stop();
  }
}

function residentBytes(pid: number): number {
  try {
    const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1_024;
  } catch {
    return 0;
  }
}
