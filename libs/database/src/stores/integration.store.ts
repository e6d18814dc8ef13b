import type { Clock } from '#domain';
import type { Executor } from '../executor.js';
import { upsertRows } from '../sql.js';

/** An OAuth client registered in Kommo. */
export interface IntegrationRow {
  readonly clientId: string;
  /** Sealed. */
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly domain: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** An integration to save. */
export type NewIntegration = Omit<IntegrationRow, 'createdAt' | 'updatedAt'>;

interface StoredIntegration {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uri: string;
  readonly domain: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const toIntegrationRow = (row: StoredIntegration): IntegrationRow => ({
  clientId: row.client_id,
  clientSecret: row.client_secret,
  redirectUri: row.redirect_uri,
  domain: row.domain,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const COLUMNS = ['client_id', 'client_secret', 'redirect_uri', 'domain', 'created_at', 'updated_at'];

/** OAuth clients, by their client id. */
export class IntegrationStore {
  constructor(
    private readonly database: Executor,
    private readonly clock: Clock,
  ) {}

  /** Creates or replaces. */
  async save(integration: NewIntegration, on: Executor = this.database): Promise<void> {
    const { clientId, clientSecret, redirectUri, domain } = integration;
    const nowMs = this.clock.nowMs();
    await upsertRows(on, {
      table: 'integrations',
      columns: COLUMNS,
      key: ['client_id'],
      update: { client_secret: 'incoming', redirect_uri: 'incoming', domain: 'incoming', updated_at: 'incoming' },
      rows: [[clientId, clientSecret, redirectUri, domain, nowMs, nowMs]],
    });
  }

  /** The integration, or undefined. */
  async find(clientId: string, on: Executor = this.database): Promise<IntegrationRow | undefined> {
    const [row] = await on.query<StoredIntegration>(`SELECT ${COLUMNS.join(', ')} FROM integrations WHERE client_id = ?`, [clientId]);
    return row && toIntegrationRow(row);
  }

  /** Oldest first. */
  async list(on: Executor = this.database): Promise<IntegrationRow[]> {
    const rows = await on.query<StoredIntegration>(`SELECT ${COLUMNS.join(', ')} FROM integrations ORDER BY created_at, client_id`);
    return rows.map(toIntegrationRow);
  }

  /** How many are saved. */
  async count(on: Executor = this.database): Promise<number> {
    const [row] = await on.query<{ total: number }>('SELECT COUNT(*) AS total FROM integrations');
    return row?.total ?? 0;
  }
}
