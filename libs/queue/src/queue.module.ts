import { Module } from '@nestjs/common';
import { Config } from '#config';
import { JobQueue } from '#domain';
import { EndpointFinder, createEndpointFinder } from './endpoint-finder.js';
import { QueueAdmin } from './queue-admin.js';
import { QueueClient } from './queue-client.js';

/**
 * Provides the queue's client, as {@link QueueClient} and as the port {@link JobQueue}, and {@link QueueAdmin}. Needs Config, Clock and Logger from
 * global modules. The client connects at its first call and disconnects at shutdown.
 */
@Module({
  providers: [
    { provide: EndpointFinder, inject: [Config], useFactory: createEndpointFinder },
    QueueClient,
    QueueAdmin,
    { provide: JobQueue, useExisting: QueueClient },
  ],
  exports: [EndpointFinder, QueueAdmin, QueueClient, JobQueue],
})
export class QueueModule {}
