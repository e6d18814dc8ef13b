import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '#domain';
import type { RunView } from '#sync';
import { describeSeconds } from './duration.js';
import { type OutputStream, printLine } from './terminal.js';

/** Shows the progress of one run. */
export interface RunDisplay {
  show(run: RunView): void;
  /** Prints a line without breaking the progress. */
  note(line: string): void;
  end(): void;
}

const LINE_EVERY_MS = 30_000;
const BAR_FORMAT = '{mode} [{bar}] {percentage}% {value}/{size} contacts, {left}';

const describeLeft = ({ state, eta_seconds }: RunView): string => {
  if (state !== 'running') return state.replaceAll('_', ' ');
  return eta_seconds === null ? 'time left unknown' : `about ${describeSeconds(eta_seconds)} left`;
};

const describeSize = ({ total_estimate, read }: RunView) => (total_estimate === null ? '?' : Math.max(total_estimate, read));

/** A bar that is drawn again and again in one line of a terminal. */
class BarDisplay implements RunDisplay {
  private readonly bar: SingleBar;
  private isStarted = false;

  constructor(private readonly stream: OutputStream) {
    this.bar = new SingleBar({ format: BAR_FORMAT, stream, hideCursor: true, clearOnComplete: false, barsize: 24 }, Presets.shades_classic);
  }

  show(run: RunView): void {
    const total = Math.max(run.total_estimate ?? 0, run.read, 1);
    const payload = { mode: run.mode, left: describeLeft(run), size: describeSize(run) };
    if (!this.isStarted) this.bar.start(total, run.read, payload);
    this.isStarted = true;
    this.bar.setTotal(run.state === 'completed' ? Math.max(run.read, 1) : total);
    this.bar.update(run.state === 'completed' ? Math.max(run.read, 1) : run.read, payload);
  }

  note(line: string): void {
    this.stream.write('\n');
    printLine(this.stream, line);
  }

  end(): void {
    if (this.isStarted) this.bar.stop();
  }
}

/** A line at each change of state, and every 30 seconds. */
class LineDisplay implements RunDisplay {
  private lastState = '';
  private lastAtMs = 0;

  constructor(
    private readonly stream: OutputStream,
    private readonly clock: Clock,
  ) {}

  show(run: RunView): void {
    const nowMs = this.clock.nowMs();
    if (run.state === this.lastState && nowMs - this.lastAtMs < LINE_EVERY_MS) return;
    this.lastState = run.state;
    this.lastAtMs = nowMs;
    this.note(`${run.mode} ${run.run_id}: ${describeLeft(run)}, ${run.read}/${describeSize(run)} contacts read`);
  }

  note(line: string): void {
    printLine(this.stream, line);
  }

  end(): void {}
}

/** A progress bar on a terminal, lines elsewhere. */
export const createRunDisplay = (stream: OutputStream, clock: Clock): RunDisplay =>
  stream.isTTY ? new BarDisplay(stream) : new LineDisplay(stream, clock);
