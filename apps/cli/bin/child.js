import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './project.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A child process did not start, or ended with an exit code other than 0. */
export class ChildFailed extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const toExitCode = (code, signal) => (signal === null ? code : 128 + constants.signals[signal]);

/** Forwards our signals to the child. A terminal sends them to the child as well; the second one has no effect there. */
function forwardSignals(child) {
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  return () => signals.forEach((signal) => process.off(signal, forward));
}

function waitForExit(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new ChildFailed(`${child.spawnfile}: ${error.message}`, 127)));
    child.once('close', (code, signal) => resolve(toExitCode(code, signal)));
  });
}

/** Runs a program in the top folder. Returns its exit code, or 128 + n when signal n ended it. */
export async function run(command, args, stdio = 'inherit') {
  const child = spawn(command, args, { cwd: root, stdio, shell: process.platform === 'win32' });
  const stopForwarding = forwardSignals(child);
  try {
    return await waitForExit(child);
  } finally {
    stopForwarding();
  }
}

/** Runs a program like `run` but throws ChildFailed unless it exits with 0. All its output goes to standard error. */
export async function mustRun(command, args) {
  const exitCode = await run(command, args, ['ignore', 2, 2]);
  if (exitCode !== 0) throw new ChildFailed(`${command} ${args[0]} exited with code ${exitCode}`, exitCode);
}
