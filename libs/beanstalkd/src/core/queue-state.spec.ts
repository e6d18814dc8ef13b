import { describe, expect, it } from '@jest/globals';
import { type Connection } from './connection.js';
import { type Job } from './job.js';
import { QueueState } from './queue-state.js';

/** A queue and its clients. `outcomes` lists how each waiting reserve ended. */
function newScene() {
  const state = new QueueState(0);
  const outcomes: string[] = [];
  const connect = (name: string) =>
    state.connect({ reserved: (job) => outcomes.push(`${name} got ${job.id}`), waitEnded: (why) => outcomes.push(`${name} ${why}`) });
  const put = (connection: Connection, { priority = 0, delayMs = 0, ttrMs = 10_000 } = {}): Job => {
    const job = state.createJob(connection, { priority, delayMs, ttrMs });
    job.body = 'x\r\n';
    state.put(job);
    return job;
  };
  return { state, outcomes, connect, put };
}

describe('QueueState', () => {
  it('gives out the most urgent job first, and the oldest of equally urgent jobs', () => {
    const { state, connect, put } = newScene();
    const one = connect('one');
    [5, 3, 5, 3].forEach((priority) => put(one, { priority }));
    expect([1, 2, 3, 4].map(() => state.reserve(one, 0)?.id)).toEqual([2, 4, 1, 3]);
  });

  it('serves waiting clients in turn', () => {
    const { state, outcomes, connect, put } = newScene();
    const producer = connect('producer');
    for (const name of ['a', 'b', 'c']) state.reserve(connect(name), Infinity);
    for (let count = 0; count < 3; count += 1) put(producer);
    expect(outcomes.map((line) => line.at(0)).sort()).toEqual(['a', 'b', 'c']);
    expect(outcomes[0]).toBe('a got 1');
  });

  it('makes a delayed job ready at its time, and returns that time', () => {
    const { state, outcomes, connect, put } = newScene();
    const one = connect('one');
    put(one, { delayMs: 5_000 });
    state.reserve(one, Infinity);
    expect(state.tick(4_999)).toBe(5_000);
    expect(outcomes).toEqual([]);
    state.tick(5_000);
    expect(outcomes).toEqual(['one got 1']);
  });

  it('takes a job from a worker when its time-to-run ends, and gives it to the next worker', () => {
    const { state, outcomes, connect, put } = newScene();
    const [slow, next] = [connect('slow'), connect('next')];
    const job = put(slow, { ttrMs: 2_000 });
    state.reserve(slow, 0);
    state.reserve(next, Infinity);
    state.tick(1_999);
    expect(outcomes).toEqual([]);
    state.tick(2_000);
    expect(outcomes).toEqual(['next got 1']);
    expect(job.timeouts).toBe(1);
    expect(state.delete(slow, 1)).toBe(false);
    expect(state.delete(next, 1)).toBe(true);
  });

  it('leaves a touched job with its worker', () => {
    const { state, connect, put } = newScene();
    const one = connect('one');
    const job = put(one, { ttrMs: 2_000 });
    state.reserve(one, 0);
    state.tick(1_900);
    state.touch(one, 1);
    state.tick(3_800);
    expect(job.state).toBe('reserved');
    state.tick(3_900);
    expect(job.state).toBe('ready');
  });

  it('ends the wait of a worker with DEADLINE_SOON in the last second of a job that it has reserved', () => {
    const { state, outcomes, connect, put } = newScene();
    const one = connect('one');
    put(one, { ttrMs: 3_000 });
    state.reserve(one, 0);
    state.reserve(one, Infinity);
    state.tick(2_000);
    expect(outcomes).toEqual(['one DEADLINE_SOON']);
    expect(state.mustReplyDeadlineSoon(one)).toBe(true);
  });

  it('ends a wait after its timeout', () => {
    const { state, outcomes, connect } = newScene();
    const one = connect('one');
    state.reserve(one, 1_000);
    state.tick(999);
    expect(outcomes).toEqual([]);
    state.tick(1_000);
    expect(outcomes).toEqual(['one TIMED_OUT']);
    expect(one.isWaiting).toBe(false);
  });

  it('gives out no job of a paused tube until the pause ends', () => {
    const { state, outcomes, connect, put } = newScene();
    const one = connect('one');
    state.pause(one.used, 3_000);
    put(one);
    state.reserve(one, Infinity);
    state.tick(2_999);
    expect(outcomes).toEqual([]);
    state.tick(3_000);
    expect(outcomes).toEqual(['one got 1']);
  });

  it('makes the reserved jobs of a client ready when it disconnects', () => {
    const { state, outcomes, connect, put } = newScene();
    const [leaving, staying] = [connect('leaving'), connect('staying')];
    put(leaving);
    state.reserve(leaving, 0);
    state.reserve(staying, Infinity);
    state.disconnect(leaving);
    expect(outcomes).toEqual(['staying got 1']);
  });

  it('kicks buried jobs in the order in which they were buried, and delayed jobs only if no job is buried', () => {
    const { state, connect, put } = newScene();
    const one = connect('one');
    const jobs = [put(one), put(one), put(one, { delayMs: 60_000 })];
    state.reserve(one, 0);
    state.reserve(one, 0);
    state.bury(one, 2, 0);
    state.bury(one, 1, 0);
    expect(state.kick(one.used, 1)).toBe(1);
    expect(jobs.map((job) => job.state)).toEqual(['buried', 'ready', 'delayed']);
    expect(state.kick(one.used, 5)).toBe(1);
    expect(state.kick(one.used, 5)).toBe(1);
    expect(jobs.map((job) => job.state)).toEqual(['ready', 'ready', 'ready']);
  });

  it('removes a tube without jobs, users and watchers', () => {
    const { state, connect, put } = newScene();
    const one = connect('one');
    state.use(one, 'a');
    put(one);
    state.use(one, 'b');
    state.use(one, 'default');
    expect(state.tubes.list().map(({ name }) => name)).toEqual(['default', 'a']);
    state.delete(one, 1);
    expect(state.tubes.list().map(({ name }) => name)).toEqual(['default']);
  });

  it('makes several jobs of a disconnected client ready in the order in which it reserved them', () => {
    const { state, outcomes, connect, put } = newScene();
    const [leaving, staying] = [connect('leaving'), connect('staying')];
    put(leaving, { priority: 7, ttrMs: 90_000 });
    put(leaving, { priority: 7, ttrMs: 5_000 });
    state.reserve(leaving, 0);
    state.reserve(leaving, 0);
    state.reserve(staying, Infinity);
    state.disconnect(leaving);
    expect(outcomes).toEqual(['staying got 1']);
  });

  it('keeps the order of jobs that were delayed in the same millisecond', () => {
    const { state, connect, put } = newScene();
    const one = connect('one');
    put(one);
    put(one, { delayMs: 5_000 });
    state.reserve(one, 0);
    state.release(one, 1, 0, 5_000);
    expect(one.used.delayed.peek()?.id).toBe(2);
  });

  it('ends a pause at once when the tube is paused for 0 seconds', () => {
    const { state, outcomes, connect, put } = newScene();
    const one = connect('one');
    state.pause(one.used, 3_000);
    put(one);
    state.reserve(one, Infinity);
    state.pause(one.used, 0);
    expect(outcomes).toEqual(['one got 1']);
  });

  it("lists tubes in beanstalkd's order after a client that watched several has disconnected", () => {
    const { state, connect } = newScene();
    const [leaving, staying] = [connect('leaving'), connect('staying')];
    for (const name of ['b', 'x']) state.watch(leaving, state.tubes.ensure(name));
    for (const name of ['c', 'a']) state.watch(staying, state.tubes.ensure(name));
    state.disconnect(leaving);
    expect(state.tubes.list().map(({ name }) => name)).toEqual(['default', 'c', 'a']);
  });
});
