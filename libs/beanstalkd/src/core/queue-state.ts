import { Alarms } from './alarms.js';
import { BodyStore } from './body-store.js';
import { Connection, type ReserveReceiver, type WaitEnd } from './connection.js';
import { Counters } from './counters.js';
import { Job, type JobParameters, isMoreUrgent } from './job.js';
import { type Journal, noJournal } from './journal.js';
import { TubeRegistry } from './tube-registry.js';
import type { Tube } from './tube.js';

/** Result of a change to a reserved job. `no-room`: the disk of the journal is full, and the job stays unchanged. */
export type ChangeOutcome = 'done' | 'not-found' | 'no-room';

/**
 * The whole queue: tubes, jobs, connections, and every transition between the states of a job. It has no sockets, no timers
 * and no clock: the caller passes the time to `tick`, before each group of commands and whenever something is due.
 *
 * Rules: protocol.txt of beanstalkd 1.12; where it is silent, the replies of Debian's beanstalkd 1.12.
 */
export class QueueState {
  readonly counters = new Counters();
  /** Memory of all large bodies. */
  readonly bodies = new BodyStore();
  readonly tubes = new TubeRegistry((tube) => this.tubeAlarms.cancel(tube));
  /** Drain mode: the caller must refuse `put` with DRAINING. */
  isDraining = false;
  /** Time of the last `tick`, ms since the epoch. All deadlines count from it. */
  nowMs: number;
  private jobs = new Map<number, Job>();
  private readonly tubeAlarms: Alarms<Tube> = new Alarms<Tube>();
  private readonly connectionAlarms = new Alarms<Connection>();
  private lastJobId = 0;
  private placements = 0;
  private journal: Journal = noJournal;

  /** `nowMs`: current time, ms since the epoch. */
  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Time at which `tick` must be called next, ms since the epoch; Infinity when nothing is due at any time. */
  get nextDueMs(): number {
    return Math.min(this.tubeAlarms.nextAtMs, this.connectionAlarms.nextAtMs);
  }

  /** The `binlog-…` fields of `stats`. */
  get journalStatistics() {
    return this.journal.statistics;
  }

  /** Records every later change in `journal`. Call it after the jobs of the journal have been restored. */
  attachJournal(journal: Journal): void {
    this.journal = journal;
  }

  /**
   * Sets the time to `nowMs` (ms since the epoch) and does everything that is due: delayed jobs become ready, pauses end,
   * reserved jobs and waiting reserves time out. Returns the time of the next call, as `nextDueMs`. A reserved job times out
   * at its deadline, as protocol.txt says; beanstalkd 1.12 is late in one case (docs/COMPATIBILITY.md, difference B).
   */
  tick(nowMs: number): number {
    this.nowMs = nowMs;
    for (let tube = this.tubeAlarms.takeDue(nowMs); tube; tube = this.tubeAlarms.takeDue(nowMs)) this.checkTube(tube);
    for (let one = this.connectionAlarms.takeDue(nowMs); one; one = this.connectionAlarms.takeDue(nowMs)) this.checkConnection(one);
    return this.nextDueMs;
  }

  // Connections

  /** Adds a client. It uses and watches the tube `default`, as protocol.txt says. `receiver` gets the outcome of its waiting reserves. */
  connect(receiver: ReserveReceiver): Connection {
    const connection = new Connection(this.tubes.default, receiver);
    this.startUsing(connection, this.tubes.default);
    this.watch(connection, this.tubes.default);
    this.counters.connections += 1;
    this.counters.totalConnections += 1;
    return connection;
  }

  /** Removes a client. Its reserved jobs become ready, in the order in which it reserved them. Its waiting reserve ends without a call. */
  disconnect(connection: Connection): void {
    if (connection.isWaiting) this.stopWaiting(connection);
    for (const job of sortByPlacement(connection.reserved.values())) this.returnToQueue(connection, job);
    this.connectionAlarms.cancel(connection);
    for (let [tube] = connection.watched.values(); tube; [tube] = connection.watched.values()) this.unwatch(connection, tube);
    this.stopUsing(connection);
    this.counters.connections -= 1;
    if (connection.isProducer) this.counters.producers -= 1;
    if (connection.isWorker) this.counters.workers -= 1;
  }

  /** `use`: sets the tube that the client puts jobs into, and creates it when needed. Returns the tube. */
  use(connection: Connection, name: string): Tube {
    const tube = this.tubes.ensure(name);
    if (tube === connection.used) return tube;
    const previous = connection.used;
    this.startUsing(connection, tube);
    previous.users -= 1;
    this.tubes.removeReference(previous);
    return tube;
  }

  /** `watch`: adds a tube to the watch list. Does nothing when the client watches it already. */
  watch(connection: Connection, tube: Tube): void {
    if (connection.watched.has(tube)) return;
    connection.watched.append(tube);
    tube.watchers += 1;
    this.tubes.addReference(tube);
  }

  /** `ignore`: removes a tube from the watch list. False (NOT_IGNORED) when it is the only watched tube; true when it is not watched. */
  ignore(connection: Connection, name: string): boolean {
    const tube = connection.watched.values().find((watched) => watched.name === name);
    if (!tube) return true;
    if (connection.watched.size < 2) return false;
    this.unwatch(connection, tube);
    return true;
  }

  /** Counts the client as a producer, once. */
  markProducer(connection: Connection): void {
    if (connection.isProducer) return;
    connection.isProducer = true;
    this.counters.producers += 1;
  }

  /** Counts the client as a worker, once. */
  markWorker(connection: Connection): void {
    if (connection.isWorker) return;
    connection.isWorker = true;
    this.counters.workers += 1;
  }

  // Producing

  /** Creates a job with the next id, outside the queue until `put`. As in beanstalkd, the id is used up even when the body is refused. */
  createJob(connection: Connection, parameters: JobParameters): Job {
    this.lastJobId += 1;
    return new Job(this.lastJobId, connection.used, parameters, this.nowMs);
  }

  /**
   * `put`: adds the job to its tube and records it. False (OUT_OF_MEMORY) when the journal has no room: the job is not added.
   * beanstalkd 1.12 still finds such a job by its id.
   */
  put(job: Job): boolean {
    if (!this.journal.ensureRoomFor(job)) return false;
    this.register(job);
    job.state = job.delayMs > 0 ? 'delayed' : 'ready';
    if (job.delayMs > 0) job.deadlineAtMs = this.nowMs + job.delayMs;
    this.counters.totalJobs += 1;
    job.tube.totalJobs += 1;
    this.journal.added(job);
    this.enqueue(job, job.delayMs);
    return true;
  }

  /** Takes over the jobs that were read from the journal, by id. Call `restore` for each of them, before any client connects. */
  adopt(jobs: Map<number, Job>): void {
    this.jobs = jobs;
  }

  /**
   * Adds a job that was read from the journal, in the recorded state. It is not recorded again and not counted in
   * `total-jobs`. As in beanstalkd, a buried job is counted as buried once more. The tube of the job must be the one that the queue
   * has under its name, if there is one.
   */
  restore(job: Job, state: 'ready' | 'delayed' | 'buried'): void {
    this.tubes.add(job.tube);
    this.lastJobId = Math.max(this.lastJobId, job.id);
    this.register(job);
    if (state === 'buried') return this.placeInBuried(job);
    this.enqueue(job, state === 'delayed' ? Math.max(0, job.deadlineAtMs - this.nowMs) : 0);
  }

  /** Makes sure that no new job gets this id or a lower one, even when their jobs are deleted. */
  reserveIdsUpTo(id: number): void {
    this.lastJobId = Math.max(this.lastJobId, id);
  }

  // Working

  /**
   * `reserve`: reserves and returns the most urgent ready job of the watched tubes. When there is none, returns undefined and
   * waits up to `timeoutMs` (Infinity: no limit); the receiver of the connection then gets the outcome. With 0 it gets
   * TIMED_OUT before this call returns. Check `mustReplyDeadlineSoon` first.
   */
  reserve(connection: Connection, timeoutMs: number): Job | undefined {
    this.markWorker(connection);
    const tube = this.bestReadyTube(connection);
    const job = tube?.ready.peek();
    if (!tube || !job) return this.wait(connection, timeoutMs);
    tube.waiting.skipOne();
    this.removeFromPlace(job);
    this.assign(job, connection);
    return job;
  }

  /** True when a reserve must get the reply DEADLINE_SOON: a reserved job is in its safety margin and no watched tube has a ready job. */
  mustReplyDeadlineSoon(connection: Connection): boolean {
    return connection.hasDeadlineSoon(this.nowMs) && !connection.watched.values().some((tube) => tube.ready.size > 0);
  }

  /** `reserve-job`: reserves a ready, delayed or buried job and returns it. Undefined (NOT_FOUND) when there is no such job. */
  reserveById(connection: Connection, id: number): Job | undefined {
    const job = this.jobs.get(id);
    if (!job || job.state === 'reserved') return undefined;
    this.markWorker(connection);
    this.removeFromPlace(job);
    this.assign(job, connection);
    return job;
  }

  /** `delete`: deletes a job that this client has reserved, or that no client has reserved. False (NOT_FOUND) otherwise. */
  delete(connection: Connection, id: number): boolean {
    const job = this.jobs.get(id);
    if (!job || (job.state === 'reserved' && job.reserver !== connection)) return false;
    this.removeFromPlace(job);
    job.tube.totalDeletes += 1;
    job.state = 'invalid';
    this.journal.changed(job);
    this.jobs.delete(id);
    this.bodies.release(job.body);
    this.tubes.removeReference(job.tube);
    return true;
  }

  /**
   * `release`: makes a job that this client has reserved ready, or delayed for `delayMs`. `not-found`: this client has not
   * reserved it. `no-room` can occur only with a delay; unlike in beanstalkd 1.12 the job then stays reserved.
   */
  release(connection: Connection, id: number, priority: number, delayMs: number): ChangeOutcome {
    const job = this.reservedBy(connection, id);
    if (!job) return 'not-found';
    if (delayMs > 0 && !this.journal.ensureRoomForChange()) return 'no-room';
    this.removeFromPlace(job);
    job.priority = priority;
    job.delayMs = delayMs;
    job.releases += 1;
    this.enqueue(job, delayMs);
    // As in beanstalkd, only a release with a delay is recorded: a restart makes every reserved job ready anyway.
    if (delayMs > 0) this.journal.changed(job);
    return 'done';
  }

  /**
   * `bury`: moves a job that this client has reserved to the end of its tube's buried list. `not-found`: this client has not
   * reserved it. `no-room`: unlike in beanstalkd 1.12 the job stays reserved.
   */
  bury(connection: Connection, id: number, priority: number): ChangeOutcome {
    const job = this.reservedBy(connection, id);
    if (!job) return 'not-found';
    if (!this.journal.ensureRoomForChange()) return 'no-room';
    this.removeFromPlace(job);
    job.priority = priority;
    this.placeInBuried(job);
    this.journal.changed(job);
    return 'done';
  }

  /** `touch`: restarts the time-to-run of a job that this client has reserved. False (NOT_FOUND) otherwise. */
  touch(connection: Connection, id: number): boolean {
    const job = this.reservedBy(connection, id);
    if (!job) return false;
    job.deadlineAtMs = this.nowMs + job.ttrMs;
    connection.reserved.update(job);
    return true;
  }

  // Inspecting and kicking

  /** Returns the job with that id in any state; undefined when there is none. */
  find(id: number): Job | undefined {
    return this.jobs.get(id);
  }

  /**
   * `kick`: makes up to `bound` buried jobs of the tube ready or, when it has none, up to `bound` delayed ones. Returns how
   * many became ready. Stops when the journal has no room; unlike beanstalkd 1.12 it counts only jobs that became ready.
   */
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

  /** `kick-job`: makes one buried or delayed job ready. False (NOT_FOUND) for any other job, or when the journal has no room. */
  kickJob(id: number): boolean {
    const job = this.jobs.get(id);
    if ((job?.state !== 'buried' && job?.state !== 'delayed') || !this.journal.ensureRoomForChange()) return false;
    this.kickOne(job);
    return true;
  }

  /** `pause-tube`: gives out no job of the tube for `durationMs` from now. Replaces an earlier pause; 0 ends it. */
  pause(tube: Tube, durationMs: number): void {
    tube.pauseMs = durationMs;
    tube.unpauseAtMs = this.nowMs + durationMs;
    tube.totalPauses += 1;
    if (durationMs === 0) this.serve(tube);
    else this.tubeAlarms.schedule(tube, tube.nextDueMs());
  }

  /** Ends the waiting reserve of a client with the reply `why`. The client must be waiting. */
  endWait(connection: Connection, why: WaitEnd): void {
    this.stopWaiting(connection);
    connection.receiver.waitEnded(why);
  }

  // Placing: moves a job between the places that the docstring of `Job` names

  private register(job: Job): void {
    this.jobs.set(job.id, job);
    this.tubes.addReference(job.tube);
  }

  private enqueue(job: Job, delayMs: number): void {
    job.reserver = undefined;
    if (delayMs > 0) this.placeInDelayed(job, delayMs);
    else this.placeInReady(job);
  }

  private setDeadline(job: Job, fromNowMs: number): void {
    job.deadlineAtMs = this.nowMs + fromNowMs;
    this.countPlacement(job);
  }

  private countPlacement(job: Job): void {
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
    this.countPlacement(job);
    job.tube.buried.push(job);
    this.counters.buriedJobs += 1;
  }

  private removeFromPlace(job: Job): void {
    if (job.state === 'ready') return this.removeFromReady(job);
    if (job.state === 'reserved') return this.removeFromReserved(job);
    if (job.state === 'delayed') {
      job.tube.delayed.remove(job);
      this.counters.delayedJobs -= 1;
      return;
    }
    job.tube.buried.remove(job);
    this.counters.buriedJobs -= 1;
  }

  private removeFromReady(job: Job): void {
    job.tube.ready.remove(job);
    this.counters.readyJobs -= 1;
    if (job.isUrgent) this.countUrgent(job, -1);
  }

  private removeFromReserved(job: Job): void {
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
    this.removeFromPlace(job);
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

  /** Gives the ready jobs of the tube to the waiting connections, in turn. */
  private serve(tube: Tube): void {
    while (tube.waiting.size > 0 && tube.ready.size > 0 && !tube.isPausedAt(this.nowMs)) {
      const job = tube.ready.peek();
      const connection = tube.waiting.take();
      if (!job || !connection) return;
      this.stopWaiting(connection);
      this.removeFromReady(job);
      this.assign(job, connection);
      connection.receiver.reserved(job);
    }
  }

  private checkTube(tube: Tube): void {
    for (let job = tube.delayed.peek(); job && job.deadlineAtMs <= this.nowMs; job = tube.delayed.peek()) {
      this.removeFromPlace(job);
      this.enqueue(job, 0);
    }
    if (tube.pauseMs > 0 && tube.unpauseAtMs <= this.nowMs) {
      tube.pauseMs = 0;
      this.serve(tube);
    }
    this.tubeAlarms.schedule(tube, tube.nextDueMs());
  }

  private checkConnection(connection: Connection): void {
    const isDeadlineSoon = connection.isWaiting && connection.hasDeadlineSoon(this.nowMs);
    this.timeOutJobs(connection);
    if (isDeadlineSoon && connection.isWaiting) this.endWait(connection, 'DEADLINE_SOON');
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
    this.tubes.removeReference(tube);
  }

  private startUsing(connection: Connection, tube: Tube): void {
    connection.used = tube;
    tube.users += 1;
    this.tubes.addReference(tube);
  }

  private stopUsing(connection: Connection): void {
    connection.used.users -= 1;
    this.tubes.removeReference(connection.used);
  }
}

function sortByPlacement(jobs: readonly Job[]): Job[] {
  return [...jobs].sort((a, b) => a.placementOrder - b.placementOrder);
}
