import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { IntegrationEntity } from '../entities/integration.entity.js';
import { incoming, upsertRows } from '../entity-sql.js';

/** An integration to save. */
export type NewIntegration = Omit<IntegrationEntity, 'createdAt' | 'updatedAt'>;

/** OAuth clients of Kommo, by their client id. */
@Injectable()
export class IntegrationStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Creates or replaces the integration with this client id. */
  async save(integration: NewIntegration): Promise<void> {
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      entity: IntegrationEntity,
      key: ['clientId'],
      update: incoming('clientSecret', 'redirectUri', 'domain', 'updatedAt'),
      rows: [{ ...integration, createdAt: nowMs, updatedAt: nowMs }],
    });
  }

  /** Returns the integration, or undefined. */
  async find(clientId: string): Promise<IntegrationEntity | undefined> {
    return (await this.database.run(({ manager }) => manager.findOneBy(IntegrationEntity, { clientId }))) ?? undefined;
  }

  /** Lists integrations, oldest first. */
  async list(): Promise<IntegrationEntity[]> {
    return this.database.run(({ manager }) => manager.find(IntegrationEntity, { order: { createdAt: 'ASC', clientId: 'ASC' } }));
  }

  /** Counts integrations. */
  async count(): Promise<number> {
    return this.database.run(({ manager }) => manager.count(IntegrationEntity));
  }
}
