import type { Clock } from '#domain';
import type { Database } from '../database.js';
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
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Creates or replaces. */
  async save(integration: NewIntegration): Promise<void> {
    const { clientId, clientSecret, redirectUri, domain } = integration;
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      table: 'integrations',
      columns: COLUMNS,
      key: ['client_id'],
      update: { client_secret: 'incoming', redirect_uri: 'incoming', domain: 'incoming', updated_at: 'incoming' },
      rows: [[clientId, clientSecret, redirectUri, domain, nowMs, nowMs]],
    });
  }

  /** The integration, or undefined. */
  async find(clientId: string): Promise<IntegrationRow | undefined> {
    const [row] = await this.database.query<StoredIntegration>(`SELECT ${COLUMNS.join(', ')} FROM integrations WHERE client_id = ?`, [
      clientId,
    ]);
    return row && toIntegrationRow(row);
  }

  /** Oldest first. */
  async list(): Promise<IntegrationRow[]> {
    const rows = await this.database.query<StoredIntegration>(
      `SELECT ${COLUMNS.join(', ')} FROM integrations ORDER BY created_at, client_id`,
    );
    return rows.map(toIntegrationRow);
  }

  /** How many are saved. */
  async count(): Promise<number> {
    const [row] = await this.database.query<{ total: number }>('SELECT COUNT(*) AS total FROM integrations');
    return row?.total ?? 0;
  }
}
