import { cpus, loadavg, release } from 'node:os';

/** One line: processors, kernel, load of the last minute, Node. */
export function describeMachine(): string {
  const load = loadavg()[0]?.toFixed(1);
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, load ${load}; Node ${process.version}`;
}
