import type { Config, UnknownVariable } from '#config';
import type { Clock } from '#domain';
import type { Terminal } from './output/terminal.js';

/** Asks the operator. Every call throws InvalidInputError without a human at the terminal. */
export interface Questions {
  /** A line of text. */
  text(question: string, preset?: string): Promise<string>;
  /** A line that is not shown. */
  secret(question: string): Promise<string>;
  /** One of the choices. */
  choose<Value>(question: string, choices: readonly { readonly name: string; readonly value: Value }[]): Promise<Value>;
}

/** What every command gets from the program. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly questions: Questions;
  /** Reads the configuration. Throws InvalidInputError `bad_configuration`. */
  loadConfig(): Config;
  /** Finds variables that look like ours and have no effect. */
  findUnknownVariables(): readonly UnknownVariable[];
  /** Calls `stop` at the next Ctrl-C instead of ending the process. Returns a function that undoes this. */
  onInterrupt(stop: () => void): () => void;
}
