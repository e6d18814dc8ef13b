import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './project.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The signal that ended a child which we run, or its refusal to start. */
export class ChildFailed extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const toExitCode = (code, signal) => (signal === null ? code : 128 + constants.signals[signal]);

/** A signal meant for us reaches the child too; from a terminal it has it already and shrugs at the second. */
function passSignals(child) {
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return () => signals.forEach((signal) => process.off(signal, pass));
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new ChildFailed(`${child.spawnfile}: ${error.message}`, 127)));
    child.once('close', (code, signal) => resolve(toExitCode(code, signal)));
  });
}

/** Runs a program in the top folder and gives its exit code, 128 + n when signal n ended it. */
export async function run(command, args, stdio = 'inherit') {
  const child = spawn(command, args, { cwd: root, stdio, shell: process.platform === 'win32' });
  const release = passSignals(child);
  try {
    return await ended(child);
  } finally {
    release();
  }
}

/** The same for a step without which one cannot go on: throws ChildFailed. What it prints goes to standard error. */
export async function mustRun(command, args) {
  const exitCode = await run(command, args, ['ignore', 2, 2]);
  if (exitCode !== 0) throw new ChildFailed(`${command} ${args[0]} ended with ${exitCode}`, exitCode);
}
