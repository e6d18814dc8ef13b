import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('token-racer.js', import.meta.url));

/** The result of a request to Kommo for the account: its id, or the code of the error. */
export type RaceReply = { readonly accountId: number } | { readonly code: string };

/** The built service in a separate process. It uses an account's token on request. It is killed when the tests end. */
export class RacingProcess {
  private readonly child: ChildProcess;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');

  private constructor(env: Readonly<Record<string, string>>, folder: string, shiftMs: number) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = fork(program, [String(shiftMs)], { env: { PATH, HOME, ...env }, cwd: folder, execArgv: [] });
    process.once('exit', this.killAtExit);
  }

  /** Starts a process and waits until it accepts requests. `shiftMs` moves its clock forward. */
  static async start(env: Readonly<Record<string, string>>, folder: string, shiftMs = 0): Promise<RacingProcess> {
    const racer = new RacingProcess(env, folder, shiftMs);
    await racer.nextMessage();
    return racer;
  }

  /** Makes the process call Kommo with the account's token. Rejects when the process ends first. */
  async useToken(accountId: number): Promise<RaceReply> {
    const reply = this.nextMessage();
    this.child.send(accountId);
    return (await reply) as RaceReply;
  }

  /** Kills the process with kill -9. */
  async kill(): Promise<void> {
    await this.end(() => this.child.kill('SIGKILL'));
  }

  /** Ends the process. Throws unless it exits with 0. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    await this.end(() => this.child.disconnect());
    if (this.child.exitCode !== 0) throw new Error(`a racing process exited with ${this.child.exitCode}`);
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
