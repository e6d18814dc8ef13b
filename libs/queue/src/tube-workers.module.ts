import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Config } from '#config';
import { BuriedJobRecorder } from './buried-job.js';
import { QueueModule } from './queue.module.js';
import { TubeWorkerHost } from './tube-worker-host.js';
import { type RegisteredWorker, TubeWorkerRegistry } from './tube-worker-registry.js';

/** What the tube workers need from the application. */
export interface TubeWorkersModuleOptions {
  /** The provider that stores why jobs are buried. */
  readonly buriedJobs: Type<BuriedJobRecorder>;
  /** The modules that export it, unless they are global. */
  readonly imports?: ModuleMetadata['imports'];
}

/**
 * Runs every provider with the decorator `TubeWorker`, wherever it is in the application. The start fails with BugError
 * `workers_miswired` when a tube has no worker or two. At shutdown the workers stop reserving first of all; before any
 * adapter closes, running jobs get SHUTDOWN_GRACE_SECONDS to reach a safe point.
 */
@Module({ imports: [QueueModule, DiscoveryModule], providers: [TubeWorkerRegistry, TubeWorkerHost] })
export class TubeWorkersModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private workers: readonly RegisteredWorker[] = [];
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly registry: TubeWorkerRegistry,
    private readonly host: TubeWorkerHost,
    private readonly config: Config,
  ) {}

  /** Registers the module with the application's recorder of buried jobs. */
  static forRoot({ buriedJobs, imports = [] }: TubeWorkersModuleOptions): DynamicModule {
    return {
      module: TubeWorkersModule,
      imports,
      providers: [{ provide: BuriedJobRecorder, useExisting: buriedJobs }],
    };
  }

  /** Checks that every tube has one worker. */
  onModuleInit(): void {
    this.workers = this.registry.list();
  }

  /** Starts reserving jobs. */
  onApplicationBootstrap(): void {
    this.host.start(this.workers);
  }

  /** Stops reserving jobs, without waiting for the running ones. */
  onModuleDestroy(): void {
    this.stopped = this.host.stop(this.config.shutdownGraceSeconds * 1_000);
  }

  /** Waits for the running jobs. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.stopped;
  }
}
