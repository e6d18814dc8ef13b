import { performance } from 'node:perf_hooks';

/** Returns milliseconds since an arbitrary start. Unlike the time of day it never jumps: use it to measure how long something took. */
export const systemElapsedMs = (): number => performance.now();
