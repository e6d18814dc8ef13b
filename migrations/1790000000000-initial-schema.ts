import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions, TableForeignKeyOptions, TableIndexOptions } from 'typeorm';

type Options = Omit<TableColumnOptions, 'name' | 'type'>;

/** Column definitions for both databases. MySQL gets the binary collation; SQLite compares bytes anyway and refuses it. */
class Columns {
  private readonly text: Options;

  constructor(isSqlite: boolean) {
    this.text = isSqlite ? {} : { charset: 'utf8mb4', collation: 'utf8mb4_bin' };
  }

  varchar(name: string, length: number, options: Options = {}): TableColumnOptions {
    return { name, type: 'varchar', length: String(length), ...this.text, ...options };
  }

  longText(name: string, options: Options = {}): TableColumnOptions {
    return { name, type: 'text', ...this.text, ...options };
  }

  bigint(name: string, options: Options = {}): TableColumnOptions {
    return { name, type: 'bigint', ...options };
  }

  integer(name: string, options: Options = {}): TableColumnOptions {
    return { name, type: 'integer', ...options };
  }

  boolean(name: string, byDefault: 0 | 1): TableColumnOptions {
    return { name, type: 'boolean', default: byDefault };
  }
}

const key: Options = { isPrimary: true };
const optional: Options = { isNullable: true };
const zero: Options = { default: 0 };
const empty: Options = { default: "''" };

const index = (name: string, ...columnNames: string[]): TableIndexOptions => ({ name, columnNames });
/** On SQLite it has no entry for rows without the value, which most rows are. MySQL has no such indices. */
const sparseIndex = (name: string, accountId: string, value: string, ...others: string[]): TableIndexOptions => ({
  name,
  columnNames: [accountId, value, ...others],
  where: `${value} IS NOT NULL`,
});
const unique = (name: string, ...columnNames: string[]): TableIndexOptions => ({ name, columnNames, isUnique: true });

const belongsToAccount = (name: string): TableForeignKeyOptions => ({
  name,
  columnNames: ['account_id'],
  referencedTableName: 'accounts',
  referencedColumnNames: ['account_id'],
  onDelete: 'CASCADE',
  onUpdate: 'NO ACTION',
});

const integrations = (columns: Columns): Table =>
  new Table({
    name: 'integrations',
    columns: [
      columns.varchar('client_id', 64, key),
      columns.longText('client_secret'),
      columns.varchar('redirect_uri', 1024),
      columns.varchar('domain', 255, optional),
      columns.bigint('created_at'),
      columns.bigint('updated_at'),
    ],
  });

const accounts = (columns: Columns): Table =>
  new Table({
    name: 'accounts',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('client_id', 64),
      columns.varchar('name', 255, empty),
      columns.varchar('subdomain', 255, empty),
      columns.varchar('host', 255, empty),
      columns.varchar('api_domain', 255, optional),
      columns.varchar('status', 32),
      columns.boolean('awaits_approval', 0),
      columns.varchar('access_scope', 16, optional),
      columns.bigint('authorization_refused_at', optional),
      columns.longText('unisender_key', optional),
      columns.varchar('unisender_block', 64, optional),
      columns.varchar('unisender_key_hash', 16, optional),
      columns.varchar('unisender_login', 255, optional),
      columns.varchar('unisender_account_id', 36, optional),
      columns.varchar('unisender_doubt_id', 36, optional),
      columns.longText('former_unisender_key', optional),
      columns.bigint('list_id', optional),
      columns.varchar('list_title', 255, optional),
      columns.varchar('list_setting', 255, empty),
      columns.bigint('list_decided_at', zero),
      columns.longText('settings'),
      columns.varchar('baseline_state', 16, { default: "'none'" }),
      columns.varchar('export_task', 64, optional),
      columns.bigint('export_asked_at', zero),
      columns.integer('export_replacements', zero),
      columns.bigint('export_replaced_at', zero),
      columns.varchar('webhook_state', 16, optional),
      columns.varchar('unisender_webhook_state', 16, optional),
      columns.bigint('gap_at', optional),
      columns.varchar('gap_cause', 64, optional),
      columns.integer('gap_number', zero),
      columns.bigint('gap_run_at', zero),
      columns.longText('email_kinds', optional),
      columns.bigint('email_kinds_read_at', zero),
      columns.bigint('polled_at', zero),
      columns.bigint('polled_until_seconds', zero),
      columns.bigint('work_due_at', optional),
      columns.varchar('lease_owner', 64, optional),
      columns.bigint('lease_until', zero),
      columns.bigint('lease_fence', zero),
      columns.boolean('lease_job_requested', 0),
      columns.bigint('paused_until', zero),
      columns.varchar('pause_code', 64, optional),
      columns.bigint('last_event_at', optional),
      columns.bigint('created_at'),
      columns.bigint('updated_at'),
      columns.bigint('uninstall_asked_at', optional),
      columns.bigint('disconnected_at', optional),
    ],
    indices: [
      index('ix_accounts_client_id', 'client_id'),
      index('ix_accounts_status', 'status'),
      index('ix_accounts_host', 'host'),
      index('ix_accounts_unisender_account', 'unisender_account_id'),
      index('ix_accounts_unisender_doubt', 'unisender_doubt_id'),
      index('ix_accounts_unisender_key', 'unisender_key_hash'),
      index('ix_accounts_unisender_login', 'unisender_login'),
      index('ix_accounts_work_due', 'work_due_at'),
      index('ix_accounts_gap', 'gap_at'),
      index('ix_accounts_lease', 'lease_until'),
      index('ix_accounts_uninstall', 'uninstall_asked_at'),
      index('ix_accounts_polled', 'webhook_state', 'polled_at'),
    ],
    foreignKeys: [
      {
        name: 'fk_accounts_integration',
        columnNames: ['client_id'],
        referencedTableName: 'integrations',
        referencedColumnNames: ['client_id'],
        onDelete: 'NO ACTION',
        onUpdate: 'NO ACTION',
      },
    ],
  });

const accesses = (columns: Columns): Table =>
  new Table({
    name: 'accesses',
    columns: [
      columns.bigint('account_id', key),
      columns.longText('access_token'),
      columns.longText('refresh_token'),
      columns.bigint('expires_at'),
      columns.bigint('refreshed_at'),
      columns.integer('version', { default: 1 }),
      columns.varchar('refresh_owner', 64, optional),
      columns.bigint('refresh_until', zero),
    ],
    indices: [index('ix_accesses_expires_at', 'expires_at')],
    foreignKeys: [belongsToAccount('fk_accesses_account')],
  });

const webhookTokens = (columns: Columns): Table =>
  new Table({
    name: 'webhook_tokens',
    columns: [
      columns.varchar('token_hash', 64, key),
      columns.bigint('account_id'),
      columns.varchar('vendor', 16),
      columns.longText('token'),
      columns.bigint('valid_until', optional),
      columns.boolean('is_registered', 1),
    ],
    indices: [index('ix_webhook_tokens_account', 'account_id', 'vendor')],
    foreignKeys: [belongsToAccount('fk_webhook_tokens_account')],
  });

const contacts = (columns: Columns): Table =>
  new Table({
    name: 'contacts',
    columns: [
      columns.bigint('account_id', key),
      columns.bigint('contact_id', key),
      columns.boolean('is_deleted', 0),
      columns.boolean('passes_filter', 1),
      columns.longText('name'),
      columns.longText('fields'),
      columns.longText('snapshot', optional),
      columns.varchar('snapshot_hash', 64, empty),
      columns.longText('tags', optional),
      columns.bigint('responsible_user_id', zero),
      columns.bigint('modified_at_seconds', zero),
      columns.varchar('content_hash', 64, empty),
      columns.varchar('missing_run_id', 36, optional),
      columns.bigint('updated_at'),
    ],
    indices: [
      index('ix_contacts_missing', 'account_id', 'missing_run_id'),
      index('ix_contacts_deleted', 'account_id', 'is_deleted', 'updated_at'),
    ],
    foreignKeys: [belongsToAccount('fk_contacts_account')],
  });

const contactAddresses = (columns: Columns): Table =>
  new Table({
    name: 'contact_addresses',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('email', 320, key),
      columns.bigint('contact_id', key),
      columns.varchar('invalid_reason', 64, optional),
      columns.varchar('kind', 16, { default: "'OTHER'" }),
      columns.bigint('tagged_at', optional),
      columns.varchar('tag_code', 64, optional),
      columns.bigint('tag_retry_at', optional),
    ],
    indices: [index('ix_contact_addresses_contact', 'account_id', 'contact_id')],
  });

/** What is known about the refusals of one address, by scope. */
const refusals = (columns: Columns): TableColumnOptions[] =>
  ['global', 'list'].flatMap((scope) => [
    columns.varchar(`${scope}_refusal`, 16, optional),
    columns.bigint(`${scope}_refused_at`, optional),
    columns.bigint(`${scope}_learned_at`, optional),
    columns.boolean(`${scope}_unproven`, 0),
  ]);

const addresses = (columns: Columns): Table =>
  new Table({
    name: 'addresses',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('email', 320, key),
      columns.varchar('origin', 16, { default: "'unknown'" }),
      columns.boolean('is_manual', 0),
      columns.varchar('state', 16, { default: "'absent'" }),
      columns.varchar('pushed_hash', 64, optional),
      columns.longText('written_fields', optional),
      columns.varchar('difference_hash', 64, optional),
      columns.bigint('first_sent_at', optional),
      columns.bigint('last_sent_at', optional),
      columns.bigint('verify_at', optional),
      columns.bigint('own_list_id', optional),
      columns.longText('late_list_ids', optional),
      columns.bigint('seen_at', optional),
      columns.bigint('looked_at', optional),
      columns.bigint('added_at', optional),
      columns.boolean('is_on_other_lists', 0),
      columns.varchar('consent', 24, { default: "'mailable'" }),
      ...refusals(columns),
      columns.varchar('write_back', 16, optional),
      columns.varchar('park_step', 16, optional),
      columns.varchar('park_code', 64, optional),
      columns.varchar('park_cause', 255, optional),
      columns.integer('park_attempts', zero),
      columns.bigint('parked_at', optional),
      columns.bigint('retry_at', optional),
      columns.bigint('due_at', optional),
      columns.bigint('dirty_since', optional),
      columns.varchar('dirty_cause', 16, optional),
      columns.varchar('removal', 16, optional),
      columns.varchar('removal_run_id', 36, optional),
      columns.bigint('updated_at'),
    ],
    indices: [
      sparseIndex('ix_addresses_dirty', 'account_id', 'dirty_since'),
      sparseIndex('ix_addresses_write_back', 'account_id', 'write_back', 'email'),
      sparseIndex('ix_addresses_due', 'account_id', 'due_at'),
      sparseIndex('ix_addresses_removal', 'account_id', 'removal'),
      sparseIndex('ix_addresses_parked', 'account_id', 'parked_at'),
    ],
  });

const accountLists = (columns: Columns): Table =>
  new Table({
    name: 'account_lists',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('unisender_account_id', 36, key),
      columns.bigint('list_id', key),
      columns.varchar('title', 255),
      columns.bigint('since'),
      columns.bigint('until', optional),
    ],
    indices: [index('ix_account_lists_list', 'list_id')],
    foreignKeys: [belongsToAccount('fk_account_lists_account')],
  });

const erasedRefusals = (columns: Columns): Table =>
  new Table({
    name: 'erased_refusals',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('email_hash', 64, key),
      ...refusals(columns),
      columns.bigint('last_sent_at', optional),
      columns.bigint('erased_at'),
    ],
    foreignKeys: [belongsToAccount('fk_erased_refusals_account')],
  });

const sealedKeys = (columns: Columns): Table =>
  new Table({ name: 'sealed_keys', columns: [columns.varchar('name', 16, key), columns.longText('sealed')] });

const removalCounts = (columns: Columns): Table =>
  new Table({
    name: 'removal_counts',
    columns: [columns.bigint('account_id', key), columns.bigint('minute', key), columns.integer('removed', zero)],
    foreignKeys: [belongsToAccount('fk_removal_counts_account')],
  });

const events = (columns: Columns): Table =>
  new Table({
    name: 'events',
    columns: [
      columns.bigint('account_id', key),
      columns.varchar('event_id', 32, key),
      columns.varchar('source', 16),
      columns.varchar('action', 32),
      columns.bigint('contact_id', optional),
      columns.longText('payload', optional),
      columns.varchar('dedup_key', 64),
      columns.varchar('change_hash', 64, empty),
      columns.bigint('modified_at_seconds', zero),
      columns.boolean('is_unordered', 0),
      columns.integer('attempts', zero),
      columns.bigint('due_at', zero),
      columns.varchar('state', 16),
      columns.varchar('reason', 255, optional),
      columns.integer('deliveries', { default: 1 }),
      columns.bigint('received_at'),
      columns.bigint('applied_at', optional),
    ],
    indices: [
      unique('ux_events_dedup', 'account_id', 'dedup_key'),
      index('ix_events_account_state', 'account_id', 'state', 'due_at', 'event_id'),
      index('ix_events_state', 'state', 'received_at'),
      index('ix_events_contact', 'account_id', 'contact_id', 'event_id'),
    ],
  });

const runs = (columns: Columns): Table =>
  new Table({
    name: 'runs',
    columns: [
      columns.varchar('run_id', 36, key),
      columns.bigint('account_id'),
      columns.bigint('active_account_id', optional),
      columns.varchar('mode', 16),
      columns.varchar('trigger', 16),
      columns.varchar('state', 32),
      columns.varchar('phase', 16, { default: "'prepare'" }),
      columns.integer('page', zero),
      columns.bigint('cursor_contact_id', zero),
      columns.integer('pass', { default: 1 }),
      columns.varchar('export_task', 64, optional),
      columns.integer('read_count', zero),
      columns.integer('created_count', zero),
      columns.integer('updated_count', zero),
      columns.integer('deleted_count', zero),
      columns.integer('rejected_count', zero),
      columns.integer('unchanged_count', zero),
      columns.integer('total_estimate', optional),
      columns.boolean('confirmed', 0),
      columns.integer('planned_removals', optional),
      columns.longText('samples', optional),
      columns.integer('gap_number', optional),
      columns.varchar('error', 1000, optional),
      columns.bigint('heartbeat_at'),
      columns.bigint('created_at'),
      columns.bigint('started_at', optional),
      columns.bigint('finished_at', optional),
    ],
    indices: [
      unique('ux_runs_active_account', 'active_account_id'),
      index('ix_runs_account', 'account_id', 'created_at'),
      index('ix_runs_state', 'state', 'heartbeat_at'),
    ],
    foreignKeys: [belongsToAccount('fk_runs_account')],
  });

const throughput = (columns: Columns): Table =>
  new Table({
    name: 'throughput',
    columns: [columns.varchar('counter', 32, key), columns.bigint('began_at', key), columns.integer('total', zero)],
    indices: [index('ix_throughput_began', 'began_at')],
  });

const workTotals = (columns: Columns): Table =>
  new Table({
    name: 'work_totals',
    columns: [
      columns.varchar('kind', 8, key),
      columns.varchar('labels', 160, key),
      columns.bigint('total', zero),
      columns.bigint('duration_ms', zero),
    ],
  });

const failures = (columns: Columns): Table =>
  new Table({
    name: 'failures',
    columns: [
      columns.varchar('failure_id', 32, key),
      columns.bigint('account_id', optional),
      columns.varchar('tube', 64),
      columns.varchar('server', 255, empty),
      columns.bigint('job_id'),
      columns.longText('payload'),
      columns.varchar('code', 64),
      columns.varchar('reason', 1000),
      columns.bigint('failed_at'),
    ],
    indices: [
      index('ix_failures_account', 'account_id', 'failed_at'),
      index('ix_failures_failed_at', 'failed_at'),
      index('ix_failures_job', 'job_id'),
    ],
  });

const authStates = (columns: Columns): Table =>
  new Table({
    name: 'auth_states',
    columns: [columns.varchar('nonce', 64, key), columns.bigint('expires_at')],
    indices: [index('ix_auth_states_expires_at', 'expires_at')],
  });

const rateSlots = (columns: Columns): Table =>
  new Table({ name: 'rate_slots', columns: [columns.varchar('slot_key', 128, key), columns.bigint('next_at')] });

const pauses = (columns: Columns): Table =>
  new Table({
    name: 'pauses',
    columns: [
      columns.varchar('scope_kind', 16, key),
      columns.varchar('scope_id', 255, key),
      columns.varchar('code', 64, key),
      columns.bigint('began_at'),
      columns.bigint('ends_at'),
      columns.integer('repetitions', { default: 1 }),
      columns.varchar('reason', 255, optional),
    ],
    indices: [index('ix_pauses_ends_at', 'ends_at')],
  });

const alerts = (columns: Columns): Table =>
  new Table({
    name: 'alerts',
    columns: [
      columns.varchar('alert_key', 191, key),
      columns.varchar('open_subject', 191, optional),
      columns.boolean('is_recovery', 0),
      columns.varchar('kind', 40),
      columns.bigint('account_id', optional),
      columns.longText('details'),
      columns.integer('occurrences', { default: 1 }),
      columns.bigint('raised_at'),
      columns.bigint('next_attempt_at', optional),
      columns.integer('attempts', zero),
      columns.bigint('delivered_at', optional),
    ],
    indices: [
      index('ix_alerts_next_attempt', 'next_attempt_at'),
      index('ix_alerts_raised', 'raised_at'),
      index('ix_alerts_account', 'account_id', 'alert_key'),
      unique('ux_alerts_open_subject', 'open_subject'),
    ],
  });

const audit = (columns: Columns): Table =>
  new Table({
    name: 'audit',
    columns: [
      columns.varchar('audit_id', 32, key),
      columns.bigint('at'),
      columns.varchar('actor', 64),
      columns.varchar('action', 64),
      columns.bigint('account_id', optional),
      columns.varchar('outcome', 64),
      columns.longText('details'),
    ],
    indices: [index('ix_audit_account', 'account_id', 'audit_id'), index('ix_audit_at', 'at')],
  });

const keyCanaries = (columns: Columns): Table =>
  new Table({ name: 'key_canaries', columns: [columns.varchar('name', 16, key), columns.longText('sealed')] });

const contactFigures = (columns: Columns): Table =>
  new Table({
    name: 'contact_figures',
    columns: [
      columns.bigint('account_id', key),
      columns.integer('total'),
      columns.integer('in_sync'),
      columns.integer('waiting', zero),
      columns.integer('excluded'),
      columns.integer('failing'),
      columns.bigint('counted_at'),
    ],
    indices: [index('ix_contact_figures_counted', 'counted_at')],
    foreignKeys: [belongsToAccount('fk_contact_figures_account')],
  });

const contactParts = (columns: Columns): Table =>
  new Table({
    name: 'contact_parts',
    columns: [
      columns.bigint('account_id', key),
      columns.bigint('after_id', key),
      columns.bigint('up_to_id'),
      columns.integer('total', zero),
      columns.integer('in_sync', zero),
      columns.integer('waiting', zero),
      columns.integer('excluded', zero),
      columns.integer('failing', zero),
      columns.boolean('is_stale', 1),
    ],
    indices: [index('ix_contact_parts_stale', 'is_stale', 'account_id', 'after_id')],
    foreignKeys: [belongsToAccount('fk_contact_parts_account')],
  });

const inOrder = [
  integrations,
  accounts,
  accesses,
  webhookTokens,
  contacts,
  contactAddresses,
  addresses,
  accountLists,
  erasedRefusals,
  sealedKeys,
  removalCounts,
  events,
  runs,
  failures,
  authStates,
  rateSlots,
  throughput,
  workTotals,
  pauses,
  alerts,
  audit,
  keyCanaries,
  contactFigures,
  contactParts,
];

/** Creates every table. */
export class InitialSchema1790000000000 implements MigrationInterface {
  readonly name = 'InitialSchema1790000000000';

  /** MySQL does not roll back DDL: a second attempt skips tables that exist. */
  async up(runner: QueryRunner): Promise<void> {
    const columns = new Columns(runner.dataSource.options.type === 'better-sqlite3');
    for (const table of inOrder) {
      await runner.createTable(table(columns), true);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    const columns = new Columns(runner.dataSource.options.type === 'better-sqlite3');
    for (const table of inOrder.toReversed()) {
      await runner.dropTable(table(columns), true);
    }
  }
}
