/**
 * The `data` of the responses below `/operations`, as the console and other clients read them. This file imports nothing, so that a
 * client can take it as it is. Times are ISO 8601 in UTC, unless a name ends in a unit.
 */

/** The state of the authorisation of an account. */
export type AccountStatus = 'pending_authorization' | 'active' | 'reauthorization_required' | 'suspended' | 'disconnected';

/** What a human must do on an account. docs/ERRORS.md says what to do about each code. */
export type AttentionCode =
  | 'approval_required'
  | 'reauthorization_required'
  | 'suspended'
  | 'administrator_required'
  | 'unisender_key_refused'
  | 'unisender_access_denied'
  | 'unisender_not_enough_money'
  | 'webhook_disabled'
  | 'webhook_missing'
  | 'unisender_webhook_stopped'
  | 'confirmation_required';

/** The state of a run. */
export type RunState = 'queued' | 'running' | 'waiting_for_confirmation' | 'completed' | 'failed' | 'cancelled';

/** A run: `GET /sync/contacts/:run_id`, and in the event `run` of the stream. Counters but `read` count addresses. */
export interface RunResponse {
  readonly run_id: string;
  readonly account_id: number;
  readonly mode: 'import' | 'reconcile' | 'preview';
  readonly trigger: string;
  readonly state: RunState;
  /** The last complete page. */
  readonly page: number;
  /** Contacts that were read from Kommo. */
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
  /** Contacts that Kommo has, as far as known. */
  readonly total_estimate: number | null;
  readonly eta_seconds: number | null;
  /** Removals that wait, or waited, for the confirmation of the run. */
  readonly planned_removals: number;
  /** E-mail addresses of some of these removals, 20 at most. */
  readonly samples: readonly string[];
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** A code of docs/ERRORS.md. */
  readonly error: string | null;
}

/** Why and until when work waits. */
export interface PausedResponse {
  /** A code of docs/ERRORS.md. */
  readonly code: string;
  /** The year 9999 for a pause that lasts until it is lifted. */
  readonly until: string;
}

/** Contacts by their worst address: failing before waiting before in sync. Nothing is to be sent of the excluded ones. The sum is the total. */
export interface ContactCounts {
  readonly total: number;
  readonly in_sync: number;
  readonly waiting: number;
  readonly excluded: number;
  readonly failing: number;
}

/** The settings of an account, as `PATCH /accounts/:account_id/settings` accepts them. */
export interface AccountSettingsResponse {
  readonly list_title: string | null;
  readonly list_id: number | null;
  readonly delete_policy: 'delete' | 'exclude';
  readonly address_kinds: readonly ('WORK' | 'PRIV' | 'OTHER')[];
  /** Code or id of a Kommo field → name of a Unisender field. */
  readonly fields: Readonly<Record<string, string>>;
  readonly include_tags: readonly string[];
  readonly exclude_tags: readonly string[];
  readonly responsible_user_ids: readonly number[];
  readonly write_back: boolean;
  readonly write_back_tag: string;
  /** Null: the limit of the configuration. */
  readonly removal_limit_percent: number | null;
}

/** An account in `GET /accounts`. */
export interface AccountResponse {
  readonly account_id: number;
  readonly integration_id: string;
  readonly name: string;
  readonly subdomain: string;
  readonly status: AccountStatus;
  readonly token_expires_at: string | null;
  /** `***` when a key is stored. */
  readonly unisender_key: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: 'active' | 'missing' | 'disabled' | 'unavailable' | null;
  readonly unisender_webhook: 'active' | 'stopped' | 'missing' | null;
  readonly contacts: ContactCounts;
  readonly events_waiting: number;
  readonly last_event_at: string | null;
  readonly last_run: RunResponse | null;
  readonly paused: PausedResponse | null;
  readonly attention: readonly AttentionCode[];
  readonly settings: AccountSettingsResponse;
}

/** `GET /accounts?after=&limit=`: in the order of their ids. The next page begins `after` the last `account_id`. */
export interface AccountsResponse {
  readonly accounts: readonly AccountResponse[];
}

/** `GET /operations/accounts/:account_id`, `POST …/approve`. */
export interface AccountDetailsResponse extends AccountResponse {
  /** Waiting events, addresses to push (counted up to 500) and the active run, together. */
  readonly jobs_waiting: number;
  readonly active_run_id: string | null;
}

// ---------------------------------------------------------------------------------------------------------------- overview

/** An account that a human must look at. */
export interface AccountAttention {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  /** The most urgent first. */
  readonly attention: readonly AttentionCode[];
}

/** Work of the whole deployment in ten seconds, as numbers a second. */
export interface RatePoint {
  /** The begin of the ten seconds. */
  readonly at: string;
  /** Webhook calls of both vendors. */
  readonly hooks_per_second: number;
  /** Rows that were sent to Unisender. */
  readonly pushes_per_second: number;
  readonly kommo_requests_per_second: number;
  readonly unisender_requests_per_second: number;
}

/** How much of a vendor's limit the deployment uses. */
export interface VendorUsage {
  readonly vendor: 'kommo' | 'unisender';
  /** In the last complete ten seconds. */
  readonly requests_per_second: number;
  /** Null when the limit is switched off. */
  readonly limit_per_second: number | null;
  /** Of the limit, 0 to 100; null without a limit. */
  readonly used_percent: number | null;
  /** The longest pause of the whole vendor; null without one. */
  readonly paused: PausedResponse | null;
}

/** The jobs of all tubes on all queue servers. */
export interface QueueDepth {
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
}

/** `GET /operations/overview`, and the event `overview` of the stream. */
export interface OverviewResponse {
  /** When this was read. It may be two seconds old. */
  readonly at: string;
  readonly accounts: {
    readonly total: number;
    readonly by_status: Readonly<Record<AccountStatus, number>>;
  };
  /** The most urgent accounts first, 50 at most. */
  readonly attention: readonly AccountAttention[];
  /** How many accounts need attention. */
  readonly attention_total: number;
  /** As last counted, at most a few minutes ago. */
  readonly contacts: ContactCounts;
  readonly events_waiting: number;
  /** Age of the oldest waiting event; null without one. */
  readonly oldest_event_seconds: number | null;
  readonly active_runs: { readonly queued: number; readonly running: number; readonly waiting_for_confirmation: number };
  /** Buried jobs whose reason is stored. */
  readonly failures: number;
  /** In the last complete ten seconds. */
  readonly hooks_per_second: number;
  readonly pushes_per_second: number;
  readonly vendors: readonly VendorUsage[];
  /** The last ten minutes, the oldest point first. A span without work has a point with zeros. */
  readonly rates: readonly RatePoint[];
  /** Null when no queue server replies. */
  readonly queue: QueueDepth | null;
  /** Queue servers that do not reply. */
  readonly queue_servers_down: readonly string[];
}

// ------------------------------------------------------------------------------------------------------------------ queues

/** The name of a tube of the service. */
export type TubeName = 'contacts' | 'imports' | 'accesses' | 'write-backs' | 'times';

/** A tube on one queue server. */
export interface TubeResponse {
  /** `host:port`, or the path of a Unix socket. */
  readonly server: string;
  readonly tube: string;
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  /** Workers that wait for a job. */
  readonly waiting: number;
  readonly paused: boolean;
  /** 0 unless it is paused. */
  readonly paused_seconds_left: number;
  /** Jobs since the start of the server. */
  readonly jobs_put: number;
  readonly jobs_deleted: number;
  /** Between the last two looks of this API process; null before the second look. */
  readonly puts_per_second: number | null;
  readonly deletes_per_second: number | null;
}

/** A queue server. The fields but `server` and `is_up` are null when it does not reply. */
export interface QueueServerResponse {
  /** `host:port`, or the path of a Unix socket. */
  readonly server: string;
  readonly is_up: boolean;
  /** Why it does not reply. */
  readonly problem: string | null;
  readonly version: string | null;
  readonly uptime_seconds: number | null;
  readonly connections: number | null;
  /** Connections that reserve jobs. */
  readonly workers: number | null;
  readonly jobs_put: number | null;
  readonly job_timeouts: number | null;
  /** It accepts no more jobs. */
  readonly is_draining: boolean | null;
}

/** `GET /operations/queues`, and the event `queues` of the stream. */
export interface QueuesResponse {
  /** Each tube of the service on each server that replies. */
  readonly queues: readonly TubeResponse[];
  readonly servers: readonly QueueServerResponse[];
}

/** The state of a job. */
export type JobState = 'ready' | 'reserved' | 'delayed' | 'buried';

/** Why a job was buried. */
export interface BuryReason {
  /** A code of docs/ERRORS.md. */
  readonly code: string;
  readonly reason: string;
  readonly failed_at: string;
}

/** A job on a queue server. */
export interface JobResponse {
  readonly server: string;
  /** Digits. Each server has its own ids. */
  readonly job_id: string;
  readonly tube: string;
  readonly state: JobState;
  /** JSON that contains ids only, if the service made the job. */
  readonly body: string;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly age_seconds: number;
  /** Until a delayed job is ready, or until the time-to-run of a reserved job ends; else 0. */
  readonly seconds_left: number;
  /** How often a worker reserved it. */
  readonly reserves: number;
  readonly releases: number;
  readonly timeouts: number;
  readonly buries: number;
  readonly kicks: number;
  /** Of a buried job; null when none is stored. */
  readonly buried_because: BuryReason | null;
}

/** `GET /operations/queues/:tube/peek[?state=ready|delayed|buried]`. beanstalkd shows the next job of each state, and none behind it. */
export interface PeekResponse {
  readonly jobs: readonly JobResponse[];
}

/** `POST /operations/queues/:tube/kick` `{count?}`: kicks up to `count` (100 unless given) jobs on each server. */
export interface KickResponse {
  readonly kicked: number;
}

/** `POST /operations/queues/:tube/pause` `{minutes?}` and `…/resume`. */
export interface TubePauseResponse {
  readonly tube: TubeName;
  /** The number of servers that did it. */
  readonly servers: number;
}

/**
 * `POST /operations/jobs/:job_id/{kick,bury,delete}[?server=]`. The error `job_ambiguous` (409) means that several servers have a job
 * with this id, or that one of several servers does not reply: name the server.
 */
export interface JobActionResponse {
  readonly server: string;
  readonly job_id: string;
  readonly tube: string;
  readonly action: 'kick' | 'bury' | 'delete';
  /** The state before. */
  readonly was: JobState;
}

// ---------------------------------------------------------------------------------------------------------------- failures

/** A buried job with its reason. */
export interface FailureResponse {
  readonly failure_id: string;
  readonly account_id: number | null;
  readonly tube: string;
  /** Empty for a job that was buried before servers were stored. */
  readonly server: string;
  readonly job_id: number;
  readonly payload: string;
  readonly code: string;
  readonly reason: string;
  readonly failed_at: string;
}

/** `GET /operations/failures[?account_id=&before=&limit=]`, newest first. */
export interface FailuresResponse {
  readonly failures: readonly FailureResponse[];
  /** `before` of the next page; null at the end. */
  readonly next_before: string | null;
}

// ------------------------------------------------------------------------------------------------------------------ events

/** One change that a vendor's webhook brought. */
export interface EventResponse {
  readonly event_id: string;
  readonly source: 'kommo' | 'unisender';
  readonly action: string;
  readonly contact_id: number | null;
  readonly state: 'waiting' | 'applied' | 'ignored' | 'unreadable' | 'refused';
  readonly reason: string | null;
  readonly deliveries: number;
  readonly received_at: string;
  readonly applied_at: string | null;
}

/** `GET /operations/events?account_id=[&contact_id= | &email=][&before=&limit=]`, newest first. */
export interface EventsResponse {
  readonly events: readonly EventResponse[];
  /** `before` of the next page; null at the end. A page of a search by `email` may be shorter than `limit` although more follow. */
  readonly next_before: string | null;
}

// --------------------------------------------------------------------------------------------------------------- addresses

/** The state of one address of one contact. */
export type AddressState = 'failing' | 'waiting' | 'excluded' | 'in_sync';

/** One address of one contact. */
export interface AddressResponse {
  /** Null for an address that no contact holds any more. */
  readonly contact_id: number | null;
  readonly email: string;
  readonly state: AddressState;
  /** Why it is in this state: Unisender's code, or a code of the service. */
  readonly code: string | null;
  /** Unisender's reason. */
  readonly cause: string | null;
  readonly attempts: number;
  readonly since: string | null;
}

/** `GET /operations/addresses?account_id=[&state=&after=&limit=]`. */
export interface AddressesResponse {
  readonly addresses: readonly AddressResponse[];
  /** `after` of the next part; null at the end. A part may be shorter than `limit` although more follow. */
  readonly next: string | null;
}

/** `POST /operations/resync` `{account_id, contact_id | email | all_failing}`. */
export interface ResyncResponse {
  readonly addresses: number;
}

// ------------------------------------------------------------------------------------------------------------------ person

/** A contact as Kommo has it. */
export interface PersonContact {
  readonly contact_id: number;
  readonly is_deleted: boolean;
  readonly name: string;
  /** Mapped fields by their Unisender name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Null for a deleted contact. */
  readonly tags: readonly string[] | null;
  readonly responsible_user_id: number;
  /** Whether the contact passes the filter of the account. */
  readonly passes_filter: boolean;
  readonly emails: readonly PersonContactEmail[];
  /** Kommo's modification time; null when Kommo gave none. */
  readonly modified_at: string | null;
  /** When the service stored this. */
  readonly updated_at: string;
}

/** An e-mail address of a contact in Kommo. */
export interface PersonContactEmail {
  readonly email: string;
  /** `WORK`, `PRIV`, `OTHER`, or `#` and an id of Kommo. */
  readonly kind: string;
  /** Why it is not sent; null when it is valid and of a kind that the settings select. */
  readonly invalid_reason: string | null;
}

/** One fact about a refusal of mailings. */
export interface ConsentFact {
  /** `account`: the whole Unisender account. `list`: a list that is or was ours. */
  readonly scope: 'account' | 'list';
  readonly kind: 'unsubscribed' | 'blocked' | 'complained';
  /** Null when the time is unknown. */
  readonly refused_at: string | null;
  readonly learned_at: string | null;
  /** False while an event without a scope counts for both scopes. */
  readonly is_proven: boolean;
}

/** Why an address is on the list or is not. */
export interface ListVerdict {
  readonly is_on_list: boolean;
  readonly state: AddressState;
  /**
   * The code of the reason. `on_list`, or: `no_key`, `no_list`, an account status, a pause code, `waiting_for_push`,
   * `waiting_for_removal`, `waiting_for_confirmation`, `waiting_for_check`, `unsubscribed`, `blocked`, `complained`, `filter`,
   * `kind_not_selected`, `no_contact`, `contact_deleted`, a reason of an invalid address, or Unisender's own code.
   */
  readonly code: string;
  /** One sentence for a human. */
  readonly explanation: string;
}

/** What is known about one address in Unisender. */
export interface PersonAddress {
  readonly email: string;
  readonly verdict: ListVerdict;
  /** `ours`: this service added it. `preexisting`: it was in Unisender before. Null when nothing was ever sent. */
  readonly origin: 'unknown' | 'uncertain' | 'ours' | 'preexisting' | null;
  /** Whether an operator added it by hand. */
  readonly is_manual: boolean;
  /** What was pushed to Unisender; null when nothing ever was. */
  readonly pushed: PushedValues | null;
  /** What Unisender showed last; null when Unisender was never asked. */
  readonly shown: ShownValues | null;
  readonly mailing_consent: 'mailable' | 'unsubscribed' | 'blocked' | 'complained';
  readonly consent_facts: readonly ConsentFact[];
  /** Whether the tag of an unsubscribe was written to Kommo; null without an unsubscribe. */
  readonly write_back: 'pending' | 'done' | null;
  /** Unisender's refusal of this address alone; null without one. */
  readonly rejected: {
    readonly code: string;
    readonly cause: string | null;
    readonly attempts: number;
    readonly retry_at: string | null;
  } | null;
}

/** What was pushed to Unisender about an address. */
export interface PushedValues {
  readonly first_sent_at: string | null;
  readonly last_sent_at: string | null;
  /** The list that received it. */
  readonly list_id: number | null;
  /** Fields in which this service wrote a value. */
  readonly written_fields: readonly string[];
  /** Whether name and fields in Unisender are those of the contact, as far as known. */
  readonly is_current: boolean;
}

/** What Unisender showed about an address. */
export interface ShownValues {
  readonly looked_at: string;
  /** When it was last seen on our list. */
  readonly seen_on_list_at: string | null;
  readonly is_on_other_lists: boolean;
}

/** What one account has about a person. */
export interface PersonAccount {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly contacts: readonly PersonContact[];
  readonly addresses: readonly PersonAddress[];
  /** The newest 50 events of the contacts, and those of Unisender among the newest 5,000 events of the account. */
  readonly events: readonly EventResponse[];
}

/** `GET /operations/person?email= | contact_id=[&account_id=]`, or `POST` with the same fields in the body. */
export interface PersonResponse {
  /** Accounts that have something, 100 at most. Empty for an unknown person. */
  readonly accounts: readonly PersonAccount[];
}

/** `POST /operations/erase` `{email | contact_id, account_id?}`. */
export interface EraseResponse {
  readonly accounts: readonly ErasedFromAccount[];
}

/** What was erased from one account. */
export interface ErasedFromAccount {
  readonly account_id: number;
  readonly contacts: number;
  readonly events: number;
  /**
   * `left`: the service did not add it or may not delete it, or its owner refused mailings. It has left our list if the service may have
   * put it there. `none`: neither the service nor a call without a response put it in Unisender.
   */
  readonly unisender: 'deleted' | 'left' | 'failed' | 'none';
}

/** `POST /operations/export` `{email, account_id?}`: everything that is stored about the address. */
export interface ExportResponse {
  readonly accounts: readonly {
    readonly account_id: number;
    readonly address: object | null;
    readonly contacts: readonly object[];
    readonly events: readonly object[];
  }[];
}

// ------------------------------------------------------------------------------------------------------------------ system

/** What was found by a check. */
export interface FindingResponse {
  /** Names the check: `database`, `migrations`, `clock`, `queue`, `workers`, … */
  readonly check: string;
  /** `ok`: nothing to do. `warning`: it works, but not for long or not for all. `error`: it does not work. */
  readonly level: 'ok' | 'warning' | 'error';
  /** What the finding is about: a host, an account, a tube, or nothing. */
  readonly subject: string | null;
  /** What is the case. */
  readonly message: string;
  /** What to do; null when nothing is to be done. */
  readonly remedy: string | null;
}

/** `GET /operations/system`. */
export interface SystemResponse {
  readonly at: string;
  readonly versions: {
    readonly service: string;
    readonly node: string;
    /** Null when the database does not respond. */
    readonly database: string | null;
    readonly queue: readonly { readonly server: string; readonly version: string | null }[];
  };
  readonly database: {
    readonly kind: 'sqlite' | 'mysql';
    readonly is_up: boolean;
    /** Names of migrations that the database has not run; null when it does not respond. */
    readonly pending_migrations: readonly string[] | null;
    /** Names of migrations that this version does not know: the database is newer. */
    readonly unknown_migrations: readonly string[] | null;
    /** Clock of the database minus clock of this process; null when the database does not respond. */
    readonly clock_difference_ms: number | null;
  };
  readonly queue: {
    /** Whether the service brings the server. */
    readonly is_embedded: boolean;
    readonly servers: readonly QueueServerResponse[];
  };
  /** The limits in the configuration. */
  readonly limits: {
    readonly kommo_requests_per_second: number;
    readonly kommo_account_requests_per_second: number;
    readonly unisender_requests_per_minute: number;
    readonly unisender_total_requests_per_minute: number;
    readonly unisender_total_exports_per_minute: number;
    readonly public_rate_limit_per_minute: number;
    readonly reconcile_delete_limit_percent: number;
  };
  /** The file system of DATA_DIR; null when it cannot be read. */
  readonly disk: { readonly path: string; readonly free_bytes: number; readonly total_bytes: number } | null;
  /** Worker processes, by their connections to the queue servers that reply. */
  readonly workers: {
    /** Workers that wait for a job, of all tubes and servers. */
    readonly waiting: number;
    /** Jobs that workers run now. */
    readonly running: number;
    /** When a schedule of a worker last began a round; null before the first. */
    readonly last_schedule_at: string | null;
  };
  readonly is_read_only: boolean;
  readonly findings: readonly FindingResponse[];
}

// ------------------------------------------------------------------------------------------------------------------ pauses

/** A pause that is active. */
export interface PauseResponse {
  readonly scope: 'vendor' | 'account' | 'host' | 'key' | 'method';
  /** The vendor, the id of the account, the host, the hash of the Unisender key, or that hash and a method as `hash:method`. */
  readonly id: string;
  readonly code: string;
  readonly since: string;
  /** The year 9999 for a pause that lasts until it is lifted. */
  readonly until: string;
  readonly reason: string | null;
}

/** `GET /operations/pauses`: the longest first, 1,000 at most. */
export interface PausesResponse {
  readonly pauses: readonly PauseResponse[];
}

/** `POST /operations/accounts/:account_id/pause` and `POST /operations/vendors/:vendor/pause` `{minutes?, reason?}`. */
export interface PauseSetResponse {
  readonly pause: PauseResponse;
}

/** `POST …/resume` of an account or vendor. */
export interface PauseLiftedResponse {
  /** How many pauses ended. */
  readonly lifted: number;
}

// ------------------------------------------------------------------------------------------------------------------- audit

/** One action of an operator, a widget user or a command. */
export interface AuditEntryResponse {
  readonly audit_id: string;
  readonly at: string | null;
  /** `operator`, `cli` or `widget:<Kommo user id>`. */
  readonly actor: string;
  /** `noun.verb`. */
  readonly action: string;
  readonly account_id: number | null;
  /** `begun`, then `done` or a code of docs/ERRORS.md. */
  readonly outcome: string;
  readonly details: unknown;
}

/** `GET /operations/audit[?account_id=&before=&limit=]`, newest first. */
export interface AuditResponse {
  readonly audit: readonly AuditEntryResponse[];
  /** `before` of the next page; null at the end. */
  readonly next_before: string | null;
}

// ------------------------------------------------------------------------------------------------------------------ stream

/**
 * `GET /operations/stream`: server-sent events, with the header `Authorization`. `event:` is the key, `data:` the value as JSON.
 *
 * After the connection the server sends one `hello`, `overview`, `queues`, `pauses`, and a `run` for each active run; then each of them when it
 * has changed, at most two seconds late. A comment line follows every 15 seconds. The server closes the connection when the client
 * reads too slowly, and when it stops: connect again, and read again what is shown.
 */
export interface StreamEvents {
  readonly hello: { readonly at: string };
  readonly overview: OverviewResponse;
  readonly queues: QueuesResponse;
  /** A run that moved, began or ended. */
  readonly run: RunResponse;
  /** Accounts that changed: status, webhooks, key, list, settings, pauses, counts of contacts, or events. Read them again. */
  readonly accounts: { readonly account_ids: readonly number[] };
  /** There are newer entries in the audit log. */
  readonly audit: { readonly audit_id: string };
  /** Pauses began or ended. */
  readonly pauses: PausesResponse;
  /** What is shown is old: the database does not respond. The next event of another kind ends it. */
  readonly problem: { readonly error: string };
}
