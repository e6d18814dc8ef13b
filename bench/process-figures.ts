import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_MS = 1_000_000;
const KIB_PER_MIB = 1_024;

/** Processor time of all threads of a process since its start, in ms. */
export function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return times.reduce((sum, ns) => sum + ns, 0) / NS_PER_MS;
}

const memoryOf = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / KIB_PER_MIB;

/** Resident memory of a process now, in MiB. */
export const residentMiBOf = (pid: number): number => memoryOf(pid, 'VmRSS');

/** The highest resident memory that a process has had, in MiB. */
export const peakMiBOf = (pid: number): number => memoryOf(pid, 'VmHWM');

/** Resident memory of processes of one program now, in MiB: their own memory, and the files of the one that has the most, once. */
export function commonMiBOf(pids: readonly number[]): number {
  const own = pids.reduce((sum, pid) => sum + memoryOf(pid, 'RssAnon'), 0);
  return own + Math.max(...pids.map((pid) => memoryOf(pid, 'RssFile')));
}
