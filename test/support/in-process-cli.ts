import { systemClock } from '#clock';
import { type Environment, findUnknownVariables, loadConfig } from '#config';
import type { Clock } from '#domain';
import type { Questions } from '../../apps/cli/src/command-context.js';
import { runProgram } from '../../apps/cli/src/program.js';
import { type CapturedTerminal, captureTerminal } from './captured-terminal.js';

/** How a command runs. */
export interface CliOptions {
  readonly env: Environment;
  readonly clock?: Clock;
  readonly questions?: Questions;
  readonly terminal?: CapturedTerminal;
  /** Receives what Ctrl-C calls. */
  readonly onInterrupt?: (stop: () => void) => void;
}

/** What a command printed, and its exit code. */
export interface CliResult {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command of the CLI in this process, without a screen. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { env, clock = systemClock, questions, terminal = captureTerminal(), onInterrupt } = options;
  const exitCode = await runProgram(args, {
    terminal,
    clock,
    loadConfig: () => loadConfig(env),
    findUnknownVariables: () => findUnknownVariables(env),
    onInterrupt: (stop) => {
      onInterrupt?.(stop);
      return () => {};
    },
    ...(questions ? { questions } : {}),
  });
  return { exitCode, output: terminal.output.text, errors: terminal.errors.text };
}

/** Runs a command with `--json`. Returns the exit code and the document; throws unless standard output is exactly one document. */
export async function runCliForJson<Document>(
  args: readonly string[],
  options: CliOptions,
): Promise<{ readonly exitCode: number; readonly document: Document }> {
  const { exitCode, output } = await runCli([...args, '--json'], options);
  return { exitCode, document: JSON.parse(output) as Document };
}
