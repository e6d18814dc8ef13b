import { systemClock } from '#clock';
import { findUnknownVariables, loadPrivateConfig } from '#config';
import { runProgram } from './program.js';

const { stdin, stdout, stderr } = process;

function onInterrupt(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: { output: stdout, errors: stderr, isInteractive: stdin.isTTY && stderr.isTTY },
  clock: systemClock,
  loadConfig: loadPrivateConfig,
  findUnknownVariables: () => findUnknownVariables(),
  onInterrupt,
});
