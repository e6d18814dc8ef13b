import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { BugError, type JobPayload, jobKindOf, tubes } from '#domain';
import { type JobContext, TubeWorkerMetadata, type TubeWorkerOptions } from './tube-worker.js';

/** The worker of a tube: the options of its decorator and its `process`. */
export interface RegisteredWorker extends Pick<TubeWorkerOptions, 'tube' | 'concurrency' | 'retry'> {
  /** As `process` of the worker class. The caller validates that the payload is one of the tube. */
  process(payload: JobPayload<TubeWorkerOptions['tube']>, context: JobContext): Promise<void>;
}

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A tube as a decorator names it, with the class for error messages. */
interface Declaration {
  readonly className: string;
  readonly tube: string;
  readonly ttrSeconds: number;
}

const miswired = (problem: string) => new BugError(problem, { code: 'workers_miswired' });

function assertInCatalogue({ className, tube, ttrSeconds }: Declaration): void {
  const known = tubes.find((name) => name === tube);
  if (!known) throw miswired(`${className} works on the unknown tube "${tube}": add the tube to libs/domain/src/jobs.ts`);
  const catalogued = jobKindOf(known).ttrSeconds;
  if (ttrSeconds === catalogued) return;
  throw miswired(`${className} says ttrSeconds ${ttrSeconds}, but the job catalogue says ${catalogued} for the tube ${tube}`);
}

/**
 * Throws BugError `workers_miswired` unless every tube of the catalogue has exactly one worker, each worker's tube is in the
 * catalogue, and its time-to-run is the catalogue's.
 */
export function assertOneWorkerPerTube(declarations: readonly Declaration[]): void {
  for (const declaration of declarations) assertInCatalogue(declaration);
  for (const tube of tubes) {
    const names = declarations.filter((declaration) => declaration.tube === tube).map(({ className }) => className);
    if (names.length === 0) throw miswired(`the tube ${tube} has no worker: add a provider class with @TubeWorker({ tube: '${tube}', … })`);
    if (names.length > 1) throw miswired(`the tube ${tube} has ${names.length} workers: ${names.join(', ')}`);
  }
}

/** Finds the provider classes that carry {@link TubeWorker}. */
@Injectable()
export class TubeWorkerRegistry {
  constructor(private readonly discovery: DiscoveryService) {}

  /** The worker of every tube. Throws as {@link assertOneWorkerPerTube}. Call it after Nest has created its providers. */
  list(): readonly RegisteredWorker[] {
    const found = this.discovery.getProviders({ metadataKey: TubeWorkerMetadata.KEY }).flatMap((provider) => this.read(provider));
    assertOneWorkerPerTube(found.map(({ className, options: { tube, ttrSeconds } }) => ({ className, tube, ttrSeconds })));
    return found.map(({ options: { tube, concurrency, retry }, processor }) => ({
      tube,
      concurrency,
      retry,
      process: (payload, context) => processor.process(payload, context),
    }));
  }

  private read(provider: InstanceWrapper) {
    const options = this.discovery.getMetadataByDecorator(TubeWorkerMetadata, provider);
    const processor = provider.instance as Pick<RegisteredWorker, 'process'>;
    return options ? [{ className: String(provider.name), options, processor }] : [];
  }
}
