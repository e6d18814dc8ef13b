import { describe, expect, it } from '@jest/globals';
import { tubes } from '#domain';
import type { QueueClient, ServerState, TubeStatistics } from '#queue';
import type { Finding } from './finding.js';
import { QueueChecks } from './queue-checks.js';

const up: ServerState = {
  server: 'q:11300',
  isUp: true,
  version: '1.13',
  uptimeSeconds: 1,
  connections: 1,
  workers: 1,
  jobsPut: 0,
  jobTimeouts: 0,
  isDraining: false,
};
const idle = { ready: 0, reserved: 0, delayed: 0, buried: 0, waiting: 1, paused: false, pausedSecondsLeft: 0, jobsPut: 0, jobsDeleted: 0 };
const all = (changes: Partial<TubeStatistics> = {}): TubeStatistics[] =>
  tubes.map((tube) => ({ server: 'q:11300', tube, ...idle, ...changes }));

describe('QueueChecks', () => {
  const checks = new QueueChecks({} as QueueClient);
  const problems = (servers: readonly ServerState[], statistics: readonly TubeStatistics[]) =>
    checks.run({ servers, tubes: statistics }).filter(({ level }) => level !== 'ok');
  const briefly = (findings: readonly Finding[]) => findings.map(({ check, level, subject }) => [check, level, subject]);

  it('finds nothing wrong with servers that reply and tubes with workers', () => {
    expect(problems([up], all())).toEqual([]);
  });

  it('finds that no server runs, that one does not reply, and that one is draining', () => {
    expect(briefly(problems([], []))).toEqual([['queue', 'error', null]]);
    const down: ServerState = { server: 'other:11300', isUp: false, problem: 'refused' };
    expect(briefly(problems([{ ...up, isDraining: true }, down], all()))).toEqual([
      ['queue', 'warning', 'q:11300'],
      ['queue', 'error', 'other:11300'],
    ]);
  });

  it('finds that no worker is connected, or none for one tube; a tube whose worker works has one', () => {
    expect(briefly(problems([up], all({ waiting: 0 })))).toEqual([['workers', 'error', null]]);
    const without = all().map((tube) => (tube.tube === 'imports' ? { ...tube, waiting: 0 } : tube));
    expect(briefly(problems([up], without))).toEqual([['workers', 'error', 'imports']]);
    const working = without.map((tube) => (tube.tube === 'imports' ? { ...tube, reserved: 1 } : tube));
    expect(problems([up], working)).toEqual([]);
  });

  it('finds buried jobs and paused tubes, each with what to do', () => {
    const [first, ...others] = all();
    const found = problems([up], first ? [{ ...first, buried: 1, paused: true, pausedSecondsLeft: 60 }, ...others] : []);
    expect(found).toMatchObject([
      { check: 'buried_jobs', level: 'warning', message: '1 job of the tube contacts is buried', remedy: expect.stringContaining('kick') },
      { check: 'paused', level: 'warning', remedy: 'Run npm run cli -- resume contacts.' },
    ]);
  });
});
