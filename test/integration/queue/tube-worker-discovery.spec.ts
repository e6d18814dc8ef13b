import { Global, Injectable, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClockModule } from '#clock';
import { Config } from '#config';
import { type JobPayload, JobQueue, Logger, silentMeter, standardRetry, WorkMeter } from '#domain';
import { type BuriedJob, BuriedJobRecorder, QueueClient, TubeWorker, TubeWorkersModule } from '#queue';
import { type QueueServer, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { contactsJob, eventually, RecordingQueueLogger } from './queue-scene.js';

/** What the workers of these tests have done. */
@Injectable()
class Journal {
  readonly accountIds: number[] = [];
}

@TubeWorker({ tube: 'contacts', ttrSeconds: 120, concurrency: 2, retry: standardRetry })
class ContactsWorker {
  constructor(private readonly journal: Journal) {}

  async process({ account_id }: JobPayload<'contacts'>): Promise<void> {
    this.journal.accountIds.push(account_id);
  }
}

class Idle {
  async process(): Promise<void> {}
}

@TubeWorker({ tube: 'imports', ttrSeconds: 120, concurrency: 1, retry: standardRetry })
class ImportsWorker extends Idle {}
@TubeWorker({ tube: 'accesses', ttrSeconds: 300, concurrency: 1, retry: standardRetry })
class AccessesWorker extends Idle {}
@TubeWorker({ tube: 'write-backs', ttrSeconds: 120, concurrency: 1, retry: standardRetry })
class WriteBacksWorker extends Idle {}
@TubeWorker({ tube: 'times', ttrSeconds: 60, concurrency: 1, retry: standardRetry })
class TimesWorker extends Idle {}

/** Has no decorator of its own, so discovery must ignore it. */
class NoWorker extends Idle {}

@TubeWorker({ tube: 'times', ttrSeconds: 60, concurrency: 1, retry: standardRetry })
class SecondTimesWorker extends Idle {}

// @ts-expect-error The tube is not in the job catalogue.
@TubeWorker({ tube: 'contract', ttrSeconds: 120, concurrency: 1, retry: standardRetry })
class UnknownTubeWorker extends Idle {}

// @ts-expect-error The job catalogue has another time-to-run.
@TubeWorker({ tube: 'times', ttrSeconds: 61, concurrency: 1, retry: standardRetry })
class HastyTimesWorker extends Idle {}

// @ts-expect-error The jobs of `contacts` have another payload.
@TubeWorker({ tube: 'contacts', ttrSeconds: 120, concurrency: 1, retry: standardRetry })
class _WrongPayloadWorker {
  async process(_payload: JobPayload<'times'>): Promise<void> {}
}

const others: Type[] = [ImportsWorker, AccessesWorker, WriteBacksWorker, TimesWorker];

@Injectable()
class BuriedJobs implements BuriedJobRecorder {
  readonly all: BuriedJob[] = [];

  async record(job: BuriedJob): Promise<void> {
    this.all.push(job);
  }
}

describe('TubeWorkersModule', () => {
  let server: QueueServer;
  let application: TestingModule | undefined;
  const logger = new RecordingQueueLogger();

  beforeEach(async () => {
    server = await startEmbeddedBeanstalkd();
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await server.stop();
  });

  const start = async (providers: ModuleMetadata['providers'] = []): Promise<TestingModule> => {
    const config = { beanstalk: { kind: 'servers', endpoints: [{ host: '127.0.0.1', port: server.port }] }, shutdownGraceSeconds: 5 };
    const globals = [
      { provide: Config, useValue: config },
      { provide: Logger, useValue: logger },
      { provide: WorkMeter, useValue: silentMeter },
      BuriedJobs,
    ];
    @Global()
    @Module({ providers: globals, exports: globals })
    class GlobalsModule {}
    const imports = [ClockModule, GlobalsModule, TubeWorkersModule.forRoot({ buriedJobs: BuriedJobs })];
    const module = await Test.createTestingModule({ imports, providers: [Journal, ...providers] }).compile();
    application = await module.init();
    return module;
  };

  it('runs the jobs of a tube in the provider with its decorator, with injected dependencies', async () => {
    const module = await start([ContactsWorker, ...others, NoWorker]);
    const queue = module.get(JobQueue, { strict: false });
    expect(queue).toBe(module.get(QueueClient, { strict: false }));
    for (const id of [1, 2, 3]) await queue.put(contactsJob(id));
    const { accountIds } = module.get(Journal);
    await eventually(
      () => accountIds.length,
      (count) => count === 3,
    );
    expect([...accountIds].sort()).toEqual([1, 2, 3]);
  });

  it('hands a buried job to the recorder of the application', async () => {
    const module = await start([ContactsWorker, ...others]);
    await module.get(QueueClient, { strict: false }).put({ tube: 'times', payload: { time: '\n' } });
    const { all } = module.get(BuriedJobs, { strict: false });
    await eventually(
      () => all.length,
      (count) => count === 1,
    );
    expect(all).toMatchObject([{ tube: 'times', code: 'invalid_job' }]);
  });

  it('stops reserving and closes the connections when the application closes', async () => {
    const module = await start([ContactsWorker, ...others]);
    const client = module.get(QueueClient, { strict: false });
    await client.put(contactsJob(1));
    await module.close();
    application = undefined;
    const countConnections = async () => (await client.listServers()).map((state) => state.isUp && state.connections);
    expect(await eventually(countConnections, ([count]) => count === 1)).toEqual([1]);
    await client.close();
  });

  it.each<[string, Type[], string]>([
    ['a tube without a worker', others, 'the tube contacts has no worker'],
    [
      'a tube with two workers',
      [ContactsWorker, ...others, SecondTimesWorker],
      'the tube times has 2 workers: TimesWorker, SecondTimesWorker',
    ],
    [
      'a worker of an unknown tube',
      [ContactsWorker, ...others, UnknownTubeWorker],
      'UnknownTubeWorker works on the unknown tube "contract"',
    ],
    [
      'a worker with another time-to-run than the job catalogue',
      [ContactsWorker, ImportsWorker, AccessesWorker, WriteBacksWorker, HastyTimesWorker],
      'HastyTimesWorker says ttrSeconds 61, but the job catalogue says 60 for the tube times',
    ],
  ])('does not start with %s', async (_case, providers, message) => {
    await expect(start(providers)).rejects.toMatchObject({ code: 'workers_miswired', message: expect.stringContaining(message) });
  });
});
