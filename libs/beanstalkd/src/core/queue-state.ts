import { Alarms } from './alarms.js';
import { Connection, type ReserveReceiver, type WaitEnd } from './connection.js';
import { Counters } from './counters.js';
import { Job, type JobParameters, isMoreUrgent } from './job.js';
import { type Journal, noJournal } from './journal.js';
import { TubeRegistry } from './tube-registry.js';
import type { Tube } from './tube.js';

/** `no-room`: the journal's disk is full, and the job stays as it was. */
export type ChangeOutcome = 'done' | 'not-found' | 'no-room';

/**
 * The whole queue: tubes, jobs and connections, and every transition between a job's states. No sockets, no timers, no
 * clock: `tick` tells it the time, does what is due and returns when to be called next.
 *
 * Source of the rules: beanstalkd's protocol.txt and what beanstalkd 1.12 answers.
 */
export class QueueState {
  readonly counters = new Counters();
  readonly tubes = new TubeRegistry((tube) => this.tubeAlarms.cancel(tube));
  isDraining = false;
  /** The time of the last `tick`, ms since the epoch. */
  nowMs: number;
  private readonly jobs = new Map<number, Job>();
  private readonly tubeAlarms: Alarms<Tube> = new Alarms<Tube>();
  private readonly connectionAlarms = new Alarms<Connection>();
  private lastJobId = 0;
  private placements = 0;
  private journal: Journal = noJournal;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** When `tick` has something to do next, ms since the epoch; Infinity when it has not. */
  get nextDueMs(): number {
    return Math.min(this.tubeAlarms.nextAtMs, this.connectionAlarms.nextAtMs);
  }

  get journalStatistics() {
    return this.journal.statistics;
  }

  /** From here on every change is written there. */
  attachJournal(journal: Journal): void {
    this.journal = journal;
  }

  /** Delayed jobs become ready, pauses end, time-to-run and waiting time end. Returns when to call next. */
  tick(nowMs: number): number {
    this.nowMs = nowMs;
    for (let tube = this.tubeAlarms.takeDue(nowMs); tube; tube = this.tubeAlarms.takeDue(nowMs)) this.wakeTube(tube);
    for (let one = this.connectionAlarms.takeDue(nowMs); one; one = this.connectionAlarms.takeDue(nowMs)) this.wakeConnection(one);
    return this.nextDueMs;
  }

  // Connections

  connect(receiver: ReserveReceiver): Connection {
    const connection = new Connection(this.tubes.default, receiver);
    this.startUsing(connection, this.tubes.default);
    this.watch(connection, this.tubes.default);
    this.counters.connections += 1;
    this.counters.totalConnections += 1;
    return connection;
  }

  /** The client is gone: what it held is ready again for others. */
  disconnect(connection: Connection): void {
    if (connection.isWaiting) this.stopWaiting(connection);
    for (const job of inOrderOfPlacement(connection.reserved.values())) this.returnToQueue(connection, job);
    this.connectionAlarms.cancel(connection);
    for (let [tube] = connection.watched.values(); tube; [tube] = connection.watched.values()) this.unwatch(connection, tube);
    this.stopUsing(connection);
    this.counters.connections -= 1;
    if (connection.isProducer) this.counters.producers -= 1;
    if (connection.isWorker) this.counters.workers -= 1;
  }

  use(connection: Connection, name: string): Tube {
    const tube = this.tubes.ensure(name);
    if (tube === connection.used) return tube;
    const left = connection.used;
    this.startUsing(connection, tube);
    left.users -= 1;
    this.tubes.release(left);
    return tube;
  }

  watch(connection: Connection, tube: Tube): void {
    if (connection.watched.has(tube)) return;
    connection.watched.append(tube);
    tube.watchers += 1;
    this.tubes.hold(tube);
  }

  /** False when it is the only watched tube. A tube that is not watched is no error. */
  ignore(connection: Connection, name: string): boolean {
    const tube = connection.watched.values().find((watched) => watched.name === name);
    if (!tube) return true;
    if (connection.watched.size < 2) return false;
    this.unwatch(connection, tube);
    return true;
  }

  markProducer(connection: Connection): void {
    if (connection.isProducer) return;
    connection.isProducer = true;
    this.counters.producers += 1;
  }

  markWorker(connection: Connection): void {
    if (connection.isWorker) return;
    connection.isWorker = true;
    this.counters.workers += 1;
  }

  // Producing

  /** A job with its id, not yet in the queue: the id is taken when the command line is understood, whatever becomes of the body. */
  createJob(connection: Connection, parameters: JobParameters): Job {
    this.lastJobId += 1;
    return new Job(this.lastJobId, connection.used, parameters, this.nowMs);
  }

  /** False: the journal has no room, and the job is not taken. */
  put(job: Job): boolean {
    if (!this.journal.ensureRoomFor(job)) return false;
    this.admit(job);
    job.state = job.delayMs > 0 ? 'delayed' : 'ready';
    if (job.delayMs > 0) job.deadlineAtMs = this.nowMs + job.delayMs;
    this.counters.totalJobs += 1;
    job.tube.totalJobs += 1;
    this.journal.added(job);
    this.enqueue(job, job.delayMs);
    return true;
  }

  /** Takes a job back from the journal, in the state it was recorded in. */
  restore(job: Job, state: 'ready' | 'delayed' | 'buried'): void {
    this.lastJobId = Math.max(this.lastJobId, job.id);
    this.admit(job);
    if (state === 'buried') return this.placeInBuried(job);
    this.enqueue(job, state === 'delayed' ? Math.max(0, job.deadlineAtMs - this.nowMs) : 0);
  }

  /** Ids below are never given again, even when their jobs are gone. */
  reserveIdsUpTo(id: number): void {
    this.lastJobId = Math.max(this.lastJobId, id);
  }

  // Working

  /**
   * The next ready job of the watched tubes, or undefined: then the connection waits and its receiver is told the outcome,
   * at once for `timeoutMs` 0. Infinity waits for ever.
   */
  reserve(connection: Connection, timeoutMs: number): Job | undefined {
    this.markWorker(connection);
    const tube = this.bestReadyTube(connection);
    const job = tube?.ready.peek();
    if (!tube || !job) return this.wait(connection, timeoutMs);
    tube.waiting.passThrough();
    this.takeOut(job);
    this.assign(job, connection);
    return job;
  }

  /** True when the connection must first look after a job that is about to time out. */
  mustMindDeadline(connection: Connection): boolean {
    return connection.hasDeadlineSoon(this.nowMs) && !connection.watched.values().some((tube) => tube.ready.size > 0);
  }

  reserveById(connection: Connection, id: number): Job | undefined {
    const job = this.jobs.get(id);
    if (!job || job.state === 'reserved') return undefined;
    this.markWorker(connection);
    this.takeOut(job);
    this.assign(job, connection);
    return job;
  }

  delete(connection: Connection, id: number): boolean {
    const job = this.jobs.get(id);
    if (!job || (job.state === 'reserved' && job.reserver !== connection)) return false;
    this.takeOut(job);
    job.tube.totalDeletes += 1;
    job.state = 'invalid';
    this.journal.changed(job);
    this.jobs.delete(id);
    this.tubes.release(job.tube);
    return true;
  }

  release(connection: Connection, id: number, priority: number, delayMs: number): ChangeOutcome {
    const job = this.reservedBy(connection, id);
    if (!job) return 'not-found';
    if (delayMs > 0 && !this.journal.ensureRoomForChange()) return 'no-room';
    this.takeOut(job);
    job.priority = priority;
    job.delayMs = delayMs;
    job.releases += 1;
    this.enqueue(job, delayMs);
    // Like beanstalkd, only a delay is worth a record: a release without one changes nothing that a restart must know.
    if (delayMs > 0) this.journal.changed(job);
    return 'done';
  }

  bury(connection: Connection, id: number, priority: number): ChangeOutcome {
    const job = this.reservedBy(connection, id);
    if (!job) return 'not-found';
    if (!this.journal.ensureRoomForChange()) return 'no-room';
    this.takeOut(job);
    job.priority = priority;
    this.placeInBuried(job);
    this.journal.changed(job);
    return 'done';
  }

  touch(connection: Connection, id: number): boolean {
    const job = this.reservedBy(connection, id);
    if (!job) return false;
    job.deadlineAtMs = this.nowMs + job.ttrMs;
    connection.reserved.update(job);
    return true;
  }

  // Looking and repairing

  find(id: number): Job | undefined {
    return this.jobs.get(id);
  }

  /** Makes up to `bound` buried jobs of the tube ready or, when it has none, delayed ones. Returns how many. */
  kick(tube: Tube, bound: number): number {
    const wasBuried = tube.buried.size > 0;
    let kicked = 0;
    for (; kicked < bound; kicked += 1) {
      const job = wasBuried ? tube.buried.peek() : tube.delayed.peek();
      if (!job || !this.journal.ensureRoomForChange()) break;
      this.kickOne(job);
    }
    return kicked;
  }

  kickJob(id: number): boolean {
    const job = this.jobs.get(id);
    if ((job?.state !== 'buried' && job?.state !== 'delayed') || !this.journal.ensureRoomForChange()) return false;
    this.kickOne(job);
    return true;
  }

  /** No job of the tube is given out for that long. A pause of 0 ends the one there was. */
  pause(tube: Tube, durationMs: number): void {
    tube.pauseMs = durationMs;
    tube.unpauseAtMs = this.nowMs + durationMs;
    tube.totalPauses += 1;
    if (durationMs === 0) this.serve(tube);
    else this.tubeAlarms.schedule(tube, tube.nextDueMs());
  }

  /** Ends a waiting reserve, for instance because its client closed its half of the connection. */
  endWait(connection: Connection, why: WaitEnd): void {
    this.stopWaiting(connection);
    connection.receiver.waitEnded(why);
  }

  // Placing: from here on a job moves between the places named in its class

  private admit(job: Job): void {
    this.jobs.set(job.id, job);
    this.tubes.hold(job.tube);
  }

  private enqueue(job: Job, delayMs: number): void {
    job.reserver = undefined;
    if (delayMs > 0) this.placeInDelayed(job, delayMs);
    else this.placeInReady(job);
  }

  private setDeadline(job: Job, fromNowMs: number): void {
    job.deadlineAtMs = this.nowMs + fromNowMs;
    this.placements += 1;
    job.placementOrder = this.placements;
  }

  private placeInDelayed(job: Job, delayMs: number): void {
    job.state = 'delayed';
    this.setDeadline(job, delayMs);
    job.detachBody();
    this.counters.delayedJobs += 1;
    job.tube.delayed.push(job);
    this.tubeAlarms.schedule(job.tube, job.deadlineAtMs);
  }

  private placeInReady(job: Job): void {
    job.state = 'ready';
    job.tube.ready.push(job);
    this.counters.readyJobs += 1;
    if (job.isUrgent) this.countUrgent(job, 1);
    this.serve(job.tube);
  }

  private placeInBuried(job: Job): void {
    job.reserver = undefined;
    job.state = 'buried';
    job.buries += 1;
    job.detachBody();
    job.tube.buried.append(job);
    this.counters.buriedJobs += 1;
  }

  private takeOut(job: Job): void {
    if (job.state === 'ready') return this.takeOutOfReady(job);
    if (job.state === 'reserved') return this.takeOutOfReserved(job);
    if (job.state === 'delayed') {
      job.tube.delayed.remove(job);
      this.counters.delayedJobs -= 1;
      return;
    }
    job.tube.buried.remove(job);
    this.counters.buriedJobs -= 1;
  }

  private takeOutOfReady(job: Job): void {
    job.tube.ready.remove(job);
    this.counters.readyJobs -= 1;
    if (job.isUrgent) this.countUrgent(job, -1);
  }

  private takeOutOfReserved(job: Job): void {
    job.reserver?.reserved.remove(job);
    job.reserver = undefined;
    this.counters.reservedJobs -= 1;
    job.tube.reservedJobs -= 1;
  }

  private assign(job: Job, connection: Connection): void {
    job.state = 'reserved';
    job.reserver = connection;
    job.reserves += 1;
    this.setDeadline(job, job.ttrMs);
    this.counters.reservedJobs += 1;
    job.tube.reservedJobs += 1;
    connection.reserved.push(job);
    this.connectionAlarms.schedule(connection, connection.nextDueMs());
  }

  private countUrgent(job: Job, change: number): void {
    this.counters.urgentJobs += change;
    job.tube.urgentJobs += change;
  }

  private kickOne(job: Job): void {
    this.takeOut(job);
    job.kicks += 1;
    job.state = 'ready';
    this.journal.changed(job);
    this.enqueue(job, 0);
  }

  private reservedBy(connection: Connection, id: number): Job | undefined {
    const job = this.jobs.get(id);
    return job?.reserver === connection && job.state === 'reserved' ? job : undefined;
  }

  private returnToQueue(connection: Connection, job: Job): void {
    connection.reserved.remove(job);
    job.reserver = undefined;
    this.counters.reservedJobs -= 1;
    job.tube.reservedJobs -= 1;
    this.enqueue(job, 0);
  }

  // Waiting

  private bestReadyTube(connection: Connection): Tube | undefined {
    let best: Tube | undefined;
    let bestJob: Job | undefined;
    for (const tube of connection.watched.values()) {
      const job = tube.ready.peek();
      if (!job || tube.isPausedAt(this.nowMs) || (bestJob && !isMoreUrgent(job, bestJob))) continue;
      best = tube;
      bestJob = job;
    }
    return best;
  }

  private wait(connection: Connection, timeoutMs: number): undefined {
    if (timeoutMs === 0) {
      connection.receiver.waitEnded('TIMED_OUT');
      return;
    }
    connection.isWaiting = true;
    connection.waitUntilMs = this.nowMs + timeoutMs;
    this.counters.waiting += 1;
    for (const tube of connection.watched.values()) tube.waiting.append(connection);
    this.connectionAlarms.schedule(connection, connection.nextDueMs());
  }

  private stopWaiting(connection: Connection): void {
    connection.isWaiting = false;
    connection.waitUntilMs = Infinity;
    this.counters.waiting -= 1;
    for (const tube of connection.watched.values()) tube.waiting.remove(connection);
  }

  /** Gives the tube's ready jobs to those who wait for them. */
  private serve(tube: Tube): void {
    while (tube.waiting.size > 0 && tube.ready.size > 0 && !tube.isPausedAt(this.nowMs)) {
      const job = tube.ready.peek();
      const connection = tube.waiting.take();
      if (!job || !connection) return;
      this.stopWaiting(connection);
      this.takeOutOfReady(job);
      this.assign(job, connection);
      connection.receiver.reserved(job);
    }
  }

  private wakeTube(tube: Tube): void {
    for (let job = tube.delayed.peek(); job && job.deadlineAtMs <= this.nowMs; job = tube.delayed.peek()) {
      this.takeOut(job);
      this.enqueue(job, 0);
    }
    if (tube.pauseMs > 0 && tube.unpauseAtMs <= this.nowMs) {
      tube.pauseMs = 0;
      this.serve(tube);
    }
    this.tubeAlarms.schedule(tube, tube.nextDueMs());
  }

  private wakeConnection(connection: Connection): void {
    const mustMind = connection.isWaiting && connection.hasDeadlineSoon(this.nowMs);
    this.timeOutJobs(connection);
    if (mustMind && connection.isWaiting) this.endWait(connection, 'DEADLINE_SOON');
    else if (connection.isWaiting && connection.waitUntilMs <= this.nowMs) this.endWait(connection, 'TIMED_OUT');
    this.connectionAlarms.schedule(connection, connection.nextDueMs());
  }

  private timeOutJobs(connection: Connection): void {
    for (let job = connection.reserved.peek(); job && job.deadlineAtMs <= this.nowMs; job = connection.reserved.peek()) {
      this.counters.timeouts += 1;
      job.timeouts += 1;
      this.returnToQueue(connection, job);
    }
  }

  private unwatch(connection: Connection, tube: Tube): void {
    connection.watched.remove(tube);
    tube.watchers -= 1;
    this.tubes.release(tube);
  }

  private startUsing(connection: Connection, tube: Tube): void {
    connection.used = tube;
    tube.users += 1;
    this.tubes.hold(tube);
  }

  private stopUsing(connection: Connection): void {
    connection.used.users -= 1;
    this.tubes.release(connection.used);
  }
}

function inOrderOfPlacement(jobs: readonly Job[]): Job[] {
  return [...jobs].sort((a, b) => a.placementOrder - b.placementOrder);
}
