import { describe, expect, it } from '@jest/globals';
import type { Connection } from './connection.js';
import { QueueState } from './queue-state.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const NO_LIMIT = Infinity;

/** One queue that starts at second 0, its clients by name, and the events that they received. Times in its methods are seconds. */
class Scene {
  readonly state = new QueueState(0);
  private readonly clients = new Map<string, Connection>();
  private readonly events: string[] = [];

  client(name: string): Connection {
    const known = this.clients.get(name);
    if (known) return known;
    const record = (what: string) => this.events.push(`${this.state.nowMs / SECOND}: ${name} ${what}`);
    const client = this.state.connect({ reserved: (job) => record(`got ${job.id}`), waitEnded: record });
    this.clients.set(name, client);
    return client;
  }

  put({ delay = 0, ttr = 10, priority = 0, tube = 'default' } = {}): number {
    const client = this.client('producer');
    this.state.use(client, tube);
    const job = this.state.createJob(client, { priority, delayMs: delay * SECOND, ttrMs: ttr * SECOND });
    job.body = 'x\r\n';
    this.state.put(job);
    return job.id;
  }

  /** Does what the reserve command does. A job that is ready at once is recorded in the same way as one after a wait. */
  reserve(name: string, timeout = NO_LIMIT): void {
    const client = this.client(name);
    if (this.state.mustReplyDeadlineSoon(client)) return client.receiver.waitEnded('DEADLINE_SOON');
    const job = this.state.reserve(client, timeout * SECOND);
    if (job) client.receiver.reserved(job);
  }

  /** Ticks at each time at which something is due, as the owner of a timer does. Returns the events since the last call. */
  goTo(seconds: number): string[] {
    const endMs = seconds * SECOND;
    for (let dueMs = this.state.nextDueMs; dueMs <= endMs; dueMs = this.state.tick(dueMs)) {
      if (dueMs < this.state.nowMs) this.state.tick(this.state.nowMs);
    }
    this.state.tick(endMs);
    return this.events.splice(0);
  }

  states(...ids: number[]): (string | undefined)[] {
    return ids.map((id) => this.state.find(id)?.state);
  }
}

const cases: Readonly<Record<string, readonly [during: (scene: Scene) => void, seconds: number, events: readonly string[]]>> = {
  'a delay ends at its second': [(scene) => (scene.put({ delay: 5 }), scene.reserve('a')), 100, ['5: a got 1']],
  'the job with the shorter delay comes first, in whichever order the jobs were put': [
    (scene) => {
      scene.put({ delay: 7 });
      scene.put({ delay: 3 });
      scene.reserve('a');
      scene.reserve('b');
    },
    100,
    ['3: a got 2', '7: b got 1'],
  ],
  'jobs whose delays end together are given out by priority': [
    (scene) => {
      scene.put({ delay: 5, priority: 9 });
      scene.put({ delay: 5, priority: 1 });
      scene.goTo(6);
      scene.reserve('a');
    },
    6,
    ['6: a got 2'],
  ],
  'the longest possible delay ends after 136 years': [
    (scene) => (scene.put({ delay: 4_294_967_295 }), scene.reserve('a')),
    5_000_000_000,
    ['4294967295: a got 1'],
  ],
  'a time-to-run of an hour ends after an hour': [
    (scene) => (scene.put({ ttr: 3_600 }), scene.reserve('slow'), scene.reserve('next')),
    3_600,
    ['0: slow got 1', '3600: next got 1'],
  ],
  'time-to-run counts from the reserve, not from the put': [
    (scene) => {
      scene.put({ ttr: 10 });
      scene.goTo(100);
      scene.reserve('slow');
      scene.reserve('next');
    },
    200,
    ['100: slow got 1', '110: next got 1'],
  ],
  'each job of one worker times out at its own time': [
    (scene) => {
      [300, 110, 200].forEach((ttr) => scene.put({ ttr }));
      [1, 2, 3].forEach(() => scene.reserve('slow'));
      ['a', 'b', 'c'].forEach((name) => scene.reserve(name));
    },
    219,
    ['0: slow got 1', '0: slow got 2', '0: slow got 3', '110: b got 2', '200: a got 3'],
  ],
  'a wait of an hour ends after an hour': [(scene) => scene.reserve('a', 3_600), 7_200, ['3600: a TIMED_OUT']],
  'a wait of 0 seconds ends at once': [(scene) => scene.reserve('a', 0), 0, ['0: a TIMED_OUT']],
  'a wait without limit does not end': [(scene) => scene.reserve('a'), 100 * HOUR, []],
  'a job that becomes ready at the end of a wait is still given to the waiting client': [
    (scene) => (scene.put({ delay: 5 }), scene.reserve('a', 5)),
    10,
    ['5: a got 1'],
  ],
  'each wait ends at its own time': [
    (scene) => [30, 10, 20].forEach((timeout) => scene.reserve(`of ${timeout}`, timeout)),
    100,
    ['10: of 10 TIMED_OUT', '20: of 20 TIMED_OUT', '30: of 30 TIMED_OUT'],
  ],
  'a wait ends when the last second of a reserved job begins': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a')),
    9,
    ['0: a got 1', '9: a DEADLINE_SOON'],
  ],
  'the first deadline of several reserved jobs ends the wait': [
    (scene) => {
      [50, 20, 80].forEach((ttr) => scene.put({ ttr }));
      [1, 2, 3, 4].forEach(() => scene.reserve('a'));
    },
    19,
    ['0: a got 1', '0: a got 2', '0: a got 3', '19: a DEADLINE_SOON'],
  ],
  'DEADLINE_SOON is sent instead of TIMED_OUT when both are due': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a', 9)),
    9,
    ['0: a got 1', '9: a DEADLINE_SOON'],
  ],
  'TIMED_OUT is sent when the wait ends before the last second begins': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a', 8.999)),
    9,
    ['0: a got 1', '8.999: a TIMED_OUT'],
  ],
  'a reserve in the last second of a reserved job gets DEADLINE_SOON at once, also with a timeout of 0': [
    (scene) => {
      scene.put({ ttr: 10 });
      scene.reserve('a');
      scene.goTo(9.5);
      scene.reserve('a', 0);
      scene.reserve('a');
    },
    9.5,
    ['9.5: a DEADLINE_SOON', '9.5: a DEADLINE_SOON'],
  ],
  'a reserve in the last second of a reserved job gets another ready job': [
    (scene) => {
      scene.put({ ttr: 10 });
      scene.reserve('a');
      scene.goTo(9.5);
      scene.put();
      scene.reserve('a');
    },
    9.5,
    ['9.5: a got 2'],
  ],
  'a job with a time-to-run of one second is in its last second from the start': [
    (scene) => (scene.put({ ttr: 1 }), scene.reserve('a'), scene.reserve('a')),
    0,
    ['0: a got 1', '0: a DEADLINE_SOON'],
  ],
  'a touch also moves the last second': [
    (scene) => {
      scene.put({ ttr: 10 });
      scene.reserve('a');
      scene.goTo(8);
      scene.state.touch(scene.client('a'), 1);
      scene.reserve('a');
    },
    17,
    ['17: a DEADLINE_SOON'],
  ],
  'a touch every second keeps a job reserved for an hour': [
    (scene) => {
      scene.put({ ttr: 2 });
      scene.reserve('a');
      scene.reserve('next');
      for (let second = 1; second <= 3_600; second += 1) {
        scene.goTo(second);
        scene.state.touch(scene.client('a'), 1);
      }
    },
    3_602,
    ['3602: next got 1'],
  ],
  'a release removes the deadline': [
    (scene) => {
      scene.put({ ttr: 10 });
      scene.reserve('a');
      scene.state.release(scene.client('a'), 1, 0, 50 * SECOND);
      scene.reserve('a');
    },
    49,
    ['0: a got 1'],
  ],
  'a job that is ready during a pause is given out when the pause ends': [
    (scene) => {
      scene.state.pause(scene.client('a').used, HOUR);
      scene.put();
      scene.put({ delay: 1_800 });
      scene.reserve('a');
      scene.reserve('b');
    },
    3_600,
    ['3600: a got 1', '3600: b got 2'],
  ],
  'a delay that ends after the pause is not shortened by the pause': [
    (scene) => {
      scene.state.pause(scene.client('a').used, 10 * SECOND);
      scene.put({ delay: 20 });
      scene.reserve('a');
    },
    100,
    ['20: a got 1'],
  ],
  'a second pause starts a new pause time': [
    (scene) => {
      scene.state.pause(scene.client('a').used, 10 * SECOND);
      scene.put();
      scene.reserve('a');
      scene.goTo(9);
      scene.state.pause(scene.client('a').used, 10 * SECOND);
    },
    100,
    ['19: a got 1'],
  ],
  'a shorter pause replaces a longer one': [
    (scene) => {
      scene.state.pause(scene.client('a').used, HOUR);
      scene.put();
      scene.reserve('a');
      scene.state.pause(scene.client('a').used, 5 * SECOND);
    },
    HOUR,
    ['5: a got 1'],
  ],
  'a wait also ends during a pause': [
    (scene) => {
      scene.state.pause(scene.client('a').used, HOUR);
      scene.put();
      scene.reserve('a', 10);
    },
    11,
    ['10: a TIMED_OUT'],
  ],
  'a job whose time-to-run ends during a pause is given out when the pause ends': [
    (scene) => {
      scene.put({ ttr: 5 });
      scene.reserve('slow');
      scene.state.pause(scene.client('slow').used, 60 * SECOND);
      scene.reserve('next');
    },
    60,
    ['0: slow got 1', '60: next got 1'],
  ],
  'the pause of one tube does not stop the jobs of another': [
    (scene) => {
      scene.state.watch(scene.client('a'), scene.state.tubes.ensure('other'));
      scene.state.pause(scene.state.tubes.default, HOUR);
      scene.put();
      scene.put({ tube: 'other', delay: 3 });
      scene.reserve('a');
    },
    10,
    ['3: a got 2'],
  ],
  'waiting clients are served in the order of their reserves': [
    (scene) => {
      ['a', 'b', 'c'].forEach((name) => scene.reserve(name));
      [1, 2, 3].forEach((delay) => scene.put({ delay }));
    },
    3,
    ['1: a got 1', '2: b got 2', '3: c got 3'],
  ],
};

describe('time in the queue', () => {
  it.each(Object.entries(cases).map(([title, [during, seconds, events]]) => ({ title, during, seconds, events })))(
    '$title',
    ({ during, seconds, events }) => {
      const scene = new Scene();
      during(scene);
      expect(scene.goTo(seconds)).toEqual(events);
    },
  );

  it('handles everything that is due when the clock jumps forward', () => {
    const scene = new Scene();
    scene.put({ ttr: 10 });
    scene.put({ delay: 20 });
    scene.reserve('slow');
    scene.reserve('long wait', 40);
    scene.reserve('short wait', 5);
    scene.state.tick(100 * HOUR);
    expect(scene.states(1, 2)).toEqual(['reserved', 'reserved']);
    expect(scene.state.counters).toMatchObject({ timeouts: 1, waiting: 0, reservedJobs: 2, readyJobs: 0, delayedJobs: 0 });
  });

  it('does nothing when the clock goes back, and continues when the clock has caught up', () => {
    const scene = new Scene();
    scene.goTo(100);
    scene.put({ delay: 10 });
    scene.reserve('a');
    scene.state.tick(50 * SECOND);
    expect(scene.states(1)).toEqual(['delayed']);
    expect(scene.goTo(110)).toEqual(['110: a got 1']);
  });

  it('reports no due time when nothing is due', () => {
    const scene = new Scene();
    scene.put({ ttr: 10, delay: 5 });
    expect(scene.state.nextDueMs).toBe(5 * SECOND);
    scene.goTo(5);
    expect(scene.state.nextDueMs).toBe(Infinity);
    scene.reserve('a');
    scene.state.delete(scene.client('a'), 1);
    scene.goTo(100);
    expect(scene.state.nextDueMs).toBe(Infinity);
  });

  it('counts urgent jobs only while they are ready', () => {
    const scene = new Scene();
    const urgent = () => [scene.state.counters.urgentJobs, scene.state.tubes.default.urgentJobs];
    scene.put({ priority: 1_023, ttr: 10, delay: 5 });
    scene.put({ priority: 1_024 });
    expect(urgent()).toEqual([0, 0]);
    scene.goTo(5);
    expect(urgent()).toEqual([1, 1]);
    scene.reserve('a');
    expect(urgent()).toEqual([0, 0]);
    scene.goTo(15);
    expect(urgent()).toEqual([1, 1]);
    scene.reserve('a');
    scene.state.release(scene.client('a'), 1, 1_024, 0);
    expect(urgent()).toEqual([0, 0]);
  });

  it('times out nothing for a disconnected client', () => {
    const scene = new Scene();
    scene.put({ ttr: 10 });
    scene.reserve('leaving');
    scene.reserve('leaving', 5);
    scene.state.disconnect(scene.client('leaving'));
    expect(scene.goTo(100)).toEqual(['0: leaving got 1']);
    expect(scene.states(1)).toEqual(['ready']);
    expect(scene.state.counters).toMatchObject({ timeouts: 0, waiting: 0, reservedJobs: 0, readyJobs: 1 });
  });

  it('keeps priority, delay and time-to-run of a job that timed out, and counts the timeout', () => {
    const scene = new Scene();
    scene.put({ priority: 77, delay: 3, ttr: 10 });
    scene.goTo(3);
    scene.reserve('slow');
    scene.goTo(13);
    expect(scene.state.find(1)).toMatchObject({
      state: 'ready',
      priority: 77,
      delayMs: 3 * SECOND,
      ttrMs: 10 * SECOND,
      reserves: 1,
      timeouts: 1,
      releases: 0,
    });
  });

  it('gives a job to the next worker for a day while each worker hangs', () => {
    const scene = new Scene();
    scene.put({ ttr: 60 });
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      scene.reserve(`worker ${minute}`);
      scene.goTo((minute + 1) * 60);
    }
    expect(scene.state.find(1)).toMatchObject({ state: 'ready', reserves: 1_440, timeouts: 1_440 });
  });
});
