/**
 * What can help after an error: another input (`invalid`), another attempt (`transient`), a fix in the code (`bug`), or a human who
 * repairs the account (`blocked`).
 */
export type ErrorKind = 'invalid' | 'transient' | 'bug' | 'blocked';

/** What the service does with errors of one code. */
export interface ErrorRule {
  readonly kind: ErrorKind;
  /** Status of the HTTP response. */
  readonly httpStatus: number;
  /** Whether the same attempt may succeed later without a human. */
  readonly isRetryable: boolean;
  /** Whether the service itself deferred the work. A deferral counts as no failed attempt. */
  readonly isDeferral: boolean;
  /** What a human does, in one sentence of at most 78 characters. */
  readonly remedy: string;
}

type Rule<K extends ErrorKind> = ErrorRule & { readonly kind: K };

const invalid = (httpStatus: number, remedy: string): Rule<'invalid'> => ({
  kind: 'invalid',
  httpStatus,
  isRetryable: false,
  isDeferral: false,
  remedy,
});

const blocked = (httpStatus: number, remedy: string): Rule<'blocked'> => ({
  kind: 'blocked',
  httpStatus,
  isRetryable: false,
  isDeferral: false,
  remedy,
});

const transient = (remedy = 'Nothing: the service tries again.'): Rule<'transient'> => ({
  kind: 'transient',
  httpStatus: 503,
  isRetryable: true,
  isDeferral: false,
  remedy,
});

const deferral = (remedy: string): Rule<'transient'> => ({ ...transient(remedy), isDeferral: true });

const bug = (remedy = 'Report it with the log around the correlation id.'): Rule<'bug'> => ({
  kind: 'bug',
  httpStatus: 500,
  isRetryable: false,
  isDeferral: false,
  remedy,
});

const AUTHORISE = 'Open /auth?id=<account_id> in a browser and allow the access.';

/** Every stable code that the service raises or shows. Codes of vendors and drivers are data and not listed here. */
const registry = {
  // Requests
  invalid_input: invalid(400, 'Correct the fields that the response names.'),
  bad_request: invalid(400, 'Correct what the message names. The status may be another 4xx.'),
  bad_body: invalid(400, 'Send a complete body in UTF-8, as JSON or form-encoded.'),
  body_too_large: invalid(413, 'Send a smaller body; the message names the limit.'),
  body_too_complex: invalid(400, 'Send fewer fields, or fewer levels of nesting.'),
  operator_required: invalid(401, 'Send the header Authorization: Bearer <OPERATOR_TOKEN>.'),
  other_account: invalid(403, 'Send the token of the account that the request names.'),
  administrator_required: invalid(403, 'Ask an administrator of the Kommo account, or the operator.'),
  console_read_only: invalid(403, 'Unset CONSOLE_READ_ONLY, or use another console.'),
  not_found: invalid(404, 'Check the address of the request.'),
  method_not_allowed: invalid(405, 'Use a method that the header Allow names.'),
  rate_limited: invalid(429, 'Wait for the time that the header Retry-After names.'),

  // Integration and authorisation
  integration_missing: invalid(423, 'Save an integration with POST /integration.'),
  consent_missing: transient('Open the consent page and allow the access, then repeat the command.'),
  consent_declined: invalid(400, 'Open the consent page again and allow the access.'),
  other_integration: invalid(409, 'Let the operator change the integration of the account with POST /setup.'),
  account_mismatch: invalid(400, 'Use the account that the authorisation or webhook belongs to.'),
  kommo_code_refused: invalid(400, 'Open the consent page again: a code is valid once and for 20 minutes.'),
  uninstall_refused: invalid(401, 'Check the secret of the integration, if Kommo sent the request.'),
  widget_token_refused: invalid(401, 'Reload the page in Kommo, which gives the widget a new token.'),
  wrong_auth: invalid(401, 'Check the Unisender key of the account, if Unisender sent the request.'),

  // Accounts
  account_unknown: blocked(401, 'Check the account id, or open /auth?id=<account_id> and allow the access.'),
  approval_required: blocked(403, 'Approve the account, or wait until the operator does.'),
  pending_authorization: blocked(401, AUTHORISE),
  unisender_key_missing: blocked(422, 'Save a Unisender key in the widget.'),
  unisender_key_refused: blocked(422, 'Save a key that Unisender accepts in the widget.'),
  reauthorization_required: blocked(401, AUTHORISE),
  disconnected: blocked(401, 'Install the integration in Kommo again and allow the access.'),
  suspended: blocked(401, 'Pay the Kommo account, then authorise the account again.'),
  account_changed: transient('Send the request again: another one changed the account meanwhile.'),
  account_busy: deferral('Nothing: the job continues when the other worker has finished.'),
  account_paused: deferral('Nothing: the job continues at the end of the pause.'),
  paused_by_operator: deferral('Run npm run cli -- resume, with the account or the vendor.'),
  lease_lost: deferral('Nothing: another worker continues the job.'),
  still_running: deferral('Nothing: the job still runs in the same process.'),
  stopping: deferral('Nothing: the job continues after the restart.'),

  // Runs
  run_unknown: invalid(404, 'Take a run id from GET /sync/runs?id=<account_id>.'),
  run_active: invalid(409, 'Wait for the run that data.run_id names, or cancel it.'),
  run_ended: invalid(409, 'Nothing: the run has ended already.'),
  run_not_waiting: invalid(409, 'Confirm the run that data.run_id names, if there is one.'),

  // Kommo
  kommo_unauthorized: invalid(401, 'Nothing: the service renews the token. If the error stays, authorise again.'),
  kommo_token_refused: invalid(400, AUTHORISE),
  kommo_host_moved: invalid(400, 'Nothing: the service finds the new host. If the error stays, authorise again.'),
  kommo_rejected: invalid(400, 'Read the reason in the message and change what Kommo rejects.'),
  kommo_rate_limited: transient(),
  kommo_payment_required: transient('Pay the Kommo account; the service tries again once an hour.'),
  kommo_blocked: transient('Nothing: requests continue at the end of the pause.'),
  kommo_forbidden: transient('Check the rights of the user who installed the integration.'),
  kommo_unavailable: transient(),
  kommo_redirected: transient('Nothing: the service tries again. If it stays, authorise the account again.'),
  kommo_webhook_disabled: transient('Check that Kommo can reach PUBLIC_URL.'),
  kommo_foreign_tokens: bug(),
  kommo_host_not_allowed: bug('Check KOMMO_ALLOWED_DOMAINS.'),
  kommo_too_many_ids: bug(),
  token_refresh_busy: transient(),
  access_missing: bug(),
  webhook_token_missing: bug(),
  account_integration_missing: bug(),

  // Unisender
  unisender_rejected: invalid(400, 'Read the reason in the message and change what Unisender rejects.'),
  unisender_rate_limited: transient(),
  unisender_not_enough_money: transient('Pay the Unisender account; the service tries again by itself.'),
  unisender_access_denied: transient('Allow the API access in Unisender, or save another key in the widget.'),
  unisender_unavailable: transient(),
  unisender_call_open: transient('Repeat the command after the time that the message names.'),
  unisender_export_failed: transient(),
  unisender_export_unusable: transient('Look at an export in Unisender: the file was no list of contacts.'),
  unisender_unknown_method: bug(),
  unisender_no_list: bug(),
  unisender_too_many_rows: bug(),
  unisender_uneven_rows: bug(),
  unisender_forbidden_column: bug(),
  vendor_paused: deferral('Nothing: requests continue at the end of the pause.'),
  request_limit_busy: deferral('Nothing: the service tries again. If it stays, fewer accounts fit one IP.'),

  // Jobs and the queue
  invalid_job: invalid(400, 'Correct the body of the job, or delete the job.'),
  invalid_job_id: invalid(400, 'Take a job id from GET /operations/queues/<tube>/peek.'),
  job_unknown: invalid(404, 'Take a job id from GET /operations/queues/<tube>/peek.'),
  job_ambiguous: invalid(409, 'Name the queue server: ?server=<host:port>.'),
  job_state: invalid(409, 'Look at the job again: a worker may hold it.'),
  unknown_tube: invalid(404, 'Take the name of a tube from GET /operations/queues.'),
  unknown_queue_server: invalid(400, 'Use a server of BEANSTALK_URL.'),
  queue_unavailable: transient('Start beanstalkd again, if it does not come back by itself.'),
  queue_timeout: transient(),
  queue_refused: transient(),
  queue_misused: bug(),
  workers_miswired: bug(),

  // Database
  database_unavailable: transient('Start the database again, if it does not come back by itself.'),
  schema_old: transient('Run npm run migrate; npm start does it itself with SQLite.'),
  database_not_empty: invalid(409, 'Name an empty database.'),
  copy_differs: invalid(409, 'Empty the target, and run the command again.'),
  copy_value_too_long: invalid(409, 'Shorten the value in SQLite, and run the command again.'),
  backup_unusable: invalid(409, 'Use another backup; this one changed nothing.'),
  migrations_locked: transient('Wait for the other process that migrates the database.'),
  database_duplicate_key: bug(),
  database_statement_refused: bug(),
  database_transaction_ended: bug(),
  database_transaction_misplaced: bug(),
  database_transaction_missing: bug(),
  database_value_not_bindable: bug(),

  // Configuration and secrets
  bad_configuration: invalid(400, 'Correct the settings that the message names.'),
  data_dir_held: invalid(409, 'Stop the process that the message names, or set another DATA_DIR.'),
  bad_encryption_key: invalid(400, 'Use 32 bytes in base64: openssl rand -base64 32.'),
  wrong_encryption_key: invalid(400, 'Configure the encryption key that the message names.'),
  encryption_key_unknown: bug('Add the key that the message names to ENCRYPTION_KEYS_OLD.'),
  sealed_value_damaged: bug('Restore the row from a backup, or authorise the account again.'),

  // Monitoring
  alert_webhook_refused: transient('Check ALERT_WEBHOOK_URL.'),
  alert_webhook_unavailable: transient('Check ALERT_WEBHOOK_URL.'),
  cronitor_unavailable: transient(),
  alert_webhook_not_configured: bug('Set ALERT_WEBHOOK_URL.'),

  // The service itself
  too_many_streams: transient('Close another console, or wait until one is closed.'),
  server_busy: transient('Send fewer or smaller bodies at a time.'),
  internal_error: bug(),
  unexpected: bug(),
  audience_undeclared: bug(),
  route_unaudited: bug(),
  route_undocumented: bug(),
  demo_response: bug(),
  demo_sandbox: bug(),
  demo_not_ready: transient('Read the lines of the service above.'),
  not_listening: transient('Read the log of the process that should listen.'),
} as const satisfies Readonly<Record<string, ErrorRule>>;

type Registry = typeof registry;

/** A code of the registry; with a kind, only the codes of that kind. */
export type ErrorCode<Kind extends ErrorKind = ErrorKind> = {
  [Code in keyof Registry]: Registry[Code]['kind'] extends Kind ? Code : never;
}[keyof Registry];

/** Every code, in the order of docs/ERRORS.md. */
export const errorCodes = Object.keys(registry) as readonly ErrorCode[];

/** The rule for one code. */
export const errorRuleOf = (code: ErrorCode): ErrorRule => registry[code];
