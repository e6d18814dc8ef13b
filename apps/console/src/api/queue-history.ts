import type { QueueDepth } from './types.js';

interface DepthPoint {
  readonly atSeconds: number;
  readonly waiting: number;
  readonly buried: number;
}

/** Ten minutes, at one point in two seconds. */
const MAX_POINTS = 300;

let points: readonly DepthPoint[] = [];

/** Remembers the depth of the queue: the service itself keeps no history of it. */
export function addDepth(depth: QueueDepth | null): void {
  if (!depth) return;
  const { ready, reserved, delayed, buried } = depth;
  points = [...points, { atSeconds: Date.now() / 1000, waiting: ready + reserved + delayed, buried }].slice(-MAX_POINTS);
}

/** The depth of the queue since this page was opened, the oldest first. */
export const listDepths = (): readonly DepthPoint[] => points;
