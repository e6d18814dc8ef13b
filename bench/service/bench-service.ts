import { listChildren } from '../../test/support/built-process.js';
import type { ServiceAccount } from '../../test/support/service-account.js';
import { type ServiceOptions, ServiceProcesses } from '../../test/support/service-processes.js';
import type { HookTarget } from '../hooks/hook-load.js';

/** The built service as `npm start` runs it, with both vendors emulated by another process. */
export class BenchService {
  private constructor(
    readonly processes: ServiceProcesses,
    readonly apiPid: number,
    readonly workerPid: number,
    readonly queuePid: number,
  ) {}

  /** Starts the service with SQLite and the embedded queue. The limits of requests are high unless `options` lower them. */
  static async start(options: Omit<ServiceOptions, 'mode'> = {}): Promise<BenchService> {
    const processes = await ServiceProcesses.start({ ...options, mode: 'embedded' });
    const pidOf = (program: string) => findChild(processes, program);
    return new BenchService(processes, pidOf('bundle/api.js'), pidOf('bundle/worker.js'), pidOf('bundle/queue.js'));
  }

  /** Adds an account whose Kommo has so many contacts. Nothing of it is imported yet. */
  async addAccount(contacts: number): Promise<ServiceAccount> {
    const account = await this.processes.addAccount();
    if (contacts > 0) await this.processes.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: contacts, hooks: false });
    return account;
  }

  /** Where Kommo sends the hooks of a connected account. */
  async hookTarget({ accountId }: ServiceAccount): Promise<HookTarget> {
    const { webhooks } = await this.processes.control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${accountId}`);
    return { port: this.processes.port, path: new URL(webhooks[0]?.destination ?? '').pathname };
  }

  async stop(): Promise<void> {
    await this.processes.stop();
  }
}

/** The process of the embedded service with this program. */
export function findChild({ command: { pid } }: ServiceProcesses, program: string): number {
  const child = listChildren(pid).find(({ command }) => command.includes(program));
  if (!child) throw new Error(`${program} does not run`);
  return child.pid;
}
