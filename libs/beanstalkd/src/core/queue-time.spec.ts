import { describe, expect, it } from '@jest/globals';
import type { Connection } from './connection.js';
import { QueueState } from './queue-state.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const FOR_EVER = Infinity;

/** One queue from second 0, its clients by name, and all that was told to them. Times in its methods are seconds. */
class Scene {
  readonly state = new QueueState(0);
  private readonly clients = new Map<string, Connection>();
  private readonly told: string[] = [];

  client(name: string): Connection {
    const known = this.clients.get(name);
    if (known) return known;
    const tell = (what: string) => this.told.push(`${this.state.nowMs / SECOND}: ${name} ${what}`);
    const client = this.state.connect({ reserved: (job) => tell(`got ${job.id}`), waitEnded: tell });
    this.clients.set(name, client);
    return client;
  }

  put({ delay = 0, ttr = 10, priority = 0, tube = 'default' } = {}): number {
    const client = this.client('producer');
    this.state.use(client, tube);
    const job = this.state.createJob(client, { priority, delayMs: delay * SECOND, ttrMs: ttr * SECOND });
    job.body = Buffer.from('x\r\n');
    this.state.put(job);
    return job.id;
  }

  /** What the reserve command does; a job it gets at once is told like one it waited for. */
  reserve(name: string, timeout = FOR_EVER): void {
    const client = this.client(name);
    if (this.state.mustMindDeadline(client)) return client.receiver.waitEnded('DEADLINE_SOON');
    const job = this.state.reserve(client, timeout * SECOND);
    if (job) client.receiver.reserved(job);
  }

  /** Goes from one moment at which something is due to the next, as the owner of a timer does. Returns what was told since the last look. */
  goTo(seconds: number): string[] {
    const endMs = seconds * SECOND;
    for (let dueMs = this.state.nextDueMs; dueMs <= endMs; dueMs = this.state.tick(dueMs)) {
      if (dueMs < this.state.nowMs) this.state.tick(this.state.nowMs);
    }
    this.state.tick(endMs);
    return this.told.splice(0);
  }

  states(...ids: number[]): (string | undefined)[] {
    return ids.map((id) => this.state.find(id)?.state);
  }
}

const cases: Readonly<Record<string, readonly [during: (scene: Scene) => void, seconds: number, told: readonly string[]]>> = {
  'a delay ends at its second': [(scene) => (scene.put({ delay: 5 }), scene.reserve('a')), 100, ['5: a got 1']],
  'the shorter delay comes first, whichever was put first': [
    (scene) => {
      scene.put({ delay: 7 });
      scene.put({ delay: 3 });
      scene.reserve('a');
      scene.reserve('b');
    },
    100,
    ['3: a got 2', '7: b got 1'],
  ],
  'delays that end together are given out by priority once they are ready': [
    (scene) => {
      scene.put({ delay: 5, priority: 9 });
      scene.put({ delay: 5, priority: 1 });
      scene.goTo(6);
      scene.reserve('a');
    },
    6,
    ['6: a got 2'],
  ],
  'the longest delay there is ends after 136 years': [
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
  'jobs of one worker time out each at its own moment': [
    (scene) => {
      [300, 110, 200].forEach((ttr) => scene.put({ ttr }));
      [1, 2, 3].forEach(() => scene.reserve('slow'));
      ['a', 'b', 'c'].forEach((name) => scene.reserve(name));
    },
    219,
    ['0: slow got 1', '0: slow got 2', '0: slow got 3', '110: b got 2', '200: a got 3'],
  ],
  'a wait of an hour ends after an hour': [(scene) => scene.reserve('a', 3_600), 7_200, ['3600: a TIMED_OUT']],
  'a wait of no time ends at once': [(scene) => scene.reserve('a', 0), 0, ['0: a TIMED_OUT']],
  'a wait for ever does not end': [(scene) => scene.reserve('a'), 100 * HOUR, []],
  'a job that comes in the last moment ends the wait': [(scene) => (scene.put({ delay: 5 }), scene.reserve('a', 5)), 10, ['5: a got 1']],
  'waits end each at its own moment': [
    (scene) => [30, 10, 20].forEach((timeout) => scene.reserve(`of ${timeout}`, timeout)),
    100,
    ['10: of 10 TIMED_OUT', '20: of 20 TIMED_OUT', '30: of 30 TIMED_OUT'],
  ],
  'a wait ends when the last second of a job in hand begins': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a')),
    9,
    ['0: a got 1', '9: a DEADLINE_SOON'],
  ],
  'the soonest of several jobs in hand ends the wait': [
    (scene) => {
      [50, 20, 80].forEach((ttr) => scene.put({ ttr }));
      [1, 2, 3, 4].forEach(() => scene.reserve('a'));
    },
    19,
    ['0: a got 1', '0: a got 2', '0: a got 3', '19: a DEADLINE_SOON'],
  ],
  'DEADLINE_SOON goes before TIMED_OUT when both are due': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a', 9)),
    9,
    ['0: a got 1', '9: a DEADLINE_SOON'],
  ],
  'TIMED_OUT comes when the wait is shorter': [
    (scene) => (scene.put({ ttr: 10 }), scene.reserve('a'), scene.reserve('a', 8.999)),
    9,
    ['0: a got 1', '8.999: a TIMED_OUT'],
  ],
  'a reserve in the last second of a job in hand is not made to wait, even for no time': [
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
  'a reserve in the last second of a job in hand gets another one that is ready': [
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
  'a job of one second is in its last second from the beginning': [
    (scene) => (scene.put({ ttr: 1 }), scene.reserve('a'), scene.reserve('a')),
    0,
    ['0: a got 1', '0: a DEADLINE_SOON'],
  ],
  'a touch moves the last second too': [
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
  'a touch every second keeps a job for an hour': [
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
  'a release takes the deadline away': [
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
  'a delay that outlasts the pause is not shortened by it': [
    (scene) => {
      scene.state.pause(scene.client('a').used, 10 * SECOND);
      scene.put({ delay: 20 });
      scene.reserve('a');
    },
    100,
    ['20: a got 1'],
  ],
  'a second pause counts anew': [
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
  'a wait ends during a pause like any other': [
    (scene) => {
      scene.state.pause(scene.client('a').used, HOUR);
      scene.put();
      scene.reserve('a', 10);
    },
    11,
    ['10: a TIMED_OUT'],
  ],
  'a job whose time-to-run ends during a pause waits for its end': [
    (scene) => {
      scene.put({ ttr: 5 });
      scene.reserve('slow');
      scene.state.pause(scene.client('slow').used, 60 * SECOND);
      scene.reserve('next');
    },
    60,
    ['0: slow got 1', '60: next got 1'],
  ],
  'the pause of one tube does not hold up another': [
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
  'those who wait are served in the order in which they came': [
    (scene) => {
      ['a', 'b', 'c'].forEach((name) => scene.reserve(name));
      [1, 2, 3].forEach((delay) => scene.put({ delay }));
    },
    3,
    ['1: a got 1', '2: b got 2', '3: c got 3'],
  ],
};

describe('time in the queue', () => {
  it.each(Object.entries(cases).map(([title, [during, seconds, told]]) => ({ title, during, seconds, told })))(
    '$title',
    ({ during, seconds, told }) => {
      const scene = new Scene();
      during(scene);
      expect(scene.goTo(seconds)).toEqual(told);
    },
  );

  it('is over for everything that was due when the clock makes a leap', () => {
    const scene = new Scene();
    scene.put({ ttr: 10 });
    scene.put({ delay: 20 });
    scene.reserve('slow');
    scene.reserve('patient', 40);
    scene.reserve('hasty', 5);
    scene.state.tick(100 * HOUR);
    expect(scene.states(1, 2)).toEqual(['reserved', 'reserved']);
    expect(scene.state.counters).toMatchObject({ timeouts: 1, waiting: 0, reservedJobs: 2, readyJobs: 0, delayedJobs: 0 });
  });

  it('does nothing when the clock goes back, and goes on when it has caught up', () => {
    const scene = new Scene();
    scene.goTo(100);
    scene.put({ delay: 10 });
    scene.reserve('a');
    scene.state.tick(50 * SECOND);
    expect(scene.states(1)).toEqual(['delayed']);
    expect(scene.goTo(110)).toEqual(['110: a got 1']);
  });

  it('has nothing to do at any moment when nothing is due', () => {
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

  it('does not touch what a client that went had in hand, waited for or was owed', () => {
    const scene = new Scene();
    scene.put({ ttr: 10 });
    scene.reserve('gone');
    scene.reserve('gone', 5);
    scene.state.disconnect(scene.client('gone'));
    expect(scene.goTo(100)).toEqual(['0: gone got 1']);
    expect(scene.states(1)).toEqual(['ready']);
    expect(scene.state.counters).toMatchObject({ timeouts: 0, waiting: 0, reservedJobs: 0, readyJobs: 1 });
  });

  it('keeps priority, delay and time-to-run of a job that timed out, and counts it', () => {
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

  it('passes a job on for a day from one worker that hangs to the next', () => {
    const scene = new Scene();
    scene.put({ ttr: 60 });
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      scene.reserve(`worker ${minute}`);
      scene.goTo((minute + 1) * 60);
    }
    expect(scene.state.find(1)).toMatchObject({ state: 'ready', reserves: 1_440, timeouts: 1_440 });
  });
});
