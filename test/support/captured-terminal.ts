import { PassThrough } from 'node:stream';
import type { OutputStream, Terminal } from '../../apps/cli/src/output/terminal.js';

/** A stream that keeps what a command prints. With `columns` it is a terminal. */
export class CapturedStream extends PassThrough implements OutputStream {
  private readonly chunks: string[] = [];
  readonly isTTY: boolean;

  constructor(
    readonly columns?: number,
    private readonly showsColours = false,
  ) {
    super();
    this.isTTY = columns !== undefined;
    this.on('data', (chunk: Buffer) => this.chunks.push(chunk.toString('utf8')));
  }

  hasColors(): boolean {
    return this.showsColours;
  }

  /** Everything that was printed. */
  get text(): string {
    return this.chunks.join('');
  }
}

/** A terminal whose output a test reads. */
export interface CapturedTerminal extends Terminal {
  readonly output: CapturedStream;
  readonly errors: CapturedStream;
}

/** Makes a terminal without a screen, as in a script. */
export const captureTerminal = (): CapturedTerminal => ({
  output: new CapturedStream(),
  errors: new CapturedStream(),
  isInteractive: false,
});
