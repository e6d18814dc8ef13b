import { holdYoungGeneration } from '#config';

// Loaded first in every child process.
holdYoungGeneration();

// Standard input ends when the parent ends in any way; then the child stops.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref();
