import { writeFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Loaded before a program of the service. Records its files whose functions are on the call stack when the process writes to a
 * socket: a response, a statement, a command for the queue, a call to a vendor. Functions that await the call are on the stack
 * too. `FILE_TRACE_UNTIL` names the path of an HTTP request: it is the last write that counts. At SIGUSR2 it writes the names to
 * `FILE_TRACE_FOLDER` and starts again.
 */
const http = createRequire(import.meta.url)('node:http');
const folder = process.env.FILE_TRACE_FOLDER ?? '.';
const lastPath = process.env.FILE_TRACE_UNTIL;
const files = new Set();
let hasEnded = false;
let written = 0;

function recordStack() {
  if (hasEnded) return;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  for (const [, file] of stack.matchAll(/\/((?:apps|libs)\/[\w/.-]+\.ts):/g)) files.add(file);
}

/** Calls `recordStack` before the method of that name. */
function spyOn(owner, name) {
  const original = owner[name];
  owner[name] = function (...parameters) {
    recordStack();
    const [options] = parameters;
    hasEnded ||= lastPath !== undefined && options?.path?.includes(lastPath) === true;
    return original.apply(this, parameters);
  };
}

spyOn(Socket.prototype, 'write');
// An HTTP request is written after its caller's stack has ended.
spyOn(http, 'request');
syncBuiltinESMExports();

process.on('SIGUSR2', () => {
  written += 1;
  writeFileSync(join(folder, `${process.pid}-${written}.json`), JSON.stringify([...files]));
  files.clear();
  hasEnded = false;
});
