import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('token-racer.js', import.meta.url));

/** What a process learnt when it asked Kommo who the account is. */
export type RaceReply = { readonly accountId: number } | { readonly code: string };

/** The built service in a process of its own that uses an account's token when it is told to; it does not outlive the tests. */
export class RacingProcess {
  private readonly child: ChildProcess;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');

  private constructor(env: Readonly<Record<string, string>>, folder: string, shiftMs: number) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = fork(program, [String(shiftMs)], { env: { PATH, HOME, ...env }, cwd: folder, execArgv: [] });
    process.once('exit', this.killAtExit);
  }

  /** Resolves when it waits for orders. `shiftMs` sets its clock forward. */
  static async start(env: Readonly<Record<string, string>>, folder: string, shiftMs = 0): Promise<RacingProcess> {
    const racer = new RacingProcess(env, folder, shiftMs);
    await racer.nextMessage();
    return racer;
  }

  /** Begins at once. Rejects when the process ends first. */
  async useToken(accountId: number): Promise<RaceReply> {
    const answer = this.nextMessage();
    this.child.send(accountId);
    return (await answer) as RaceReply;
  }

  /** kill -9 */
  async kill(): Promise<void> {
    await this.end(() => this.child.kill('SIGKILL'));
  }

  /** Throws unless it ends by itself with code 0. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    await this.end(() => this.child.disconnect());
    if (this.child.exitCode !== 0) throw new Error(`a racing process ended with ${this.child.exitCode}`);
  }

  private async end(begin: () => void): Promise<void> {
    const exited = once(this.child, 'exit');
    begin();
    await exited;
    process.off('exit', this.killAtExit);
  }

  private async nextMessage(): Promise<unknown> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const ended = once(this.child, 'exit', { signal }).then(() => {
      throw new Error('a racing process ended');
    });
    try {
      const [message] = (await Promise.race([once(this.child, 'message', { signal }), ended])) as unknown[];
      return message;
    } finally {
      waiting.abort();
      await ended.catch(() => {});
    }
  }
}
