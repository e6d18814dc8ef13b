import { ControlError } from './control-error.js';

interface SwitchRule<T> {
  readonly initial: T;
  readonly expected: string;
  readonly note: string;
  readonly accepts: (value: unknown) => boolean;
}

function flag(initial: boolean, note: string): SwitchRule<boolean> {
  return { initial, note, expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
}

function amount(initial: number, note: string): SwitchRule<number> {
  return { initial, note, expected: 'a number, 0 or more', accepts: (value) => typeof value === 'number' && value >= 0 };
}

function number(initial: number, note: string): SwitchRule<number> {
  return { initial, note, expected: 'a number', accepts: (value) => typeof value === 'number' };
}

/** A switch with fixed options. The first option is the default. */
function choice<const T extends string | number>(options: readonly [T, ...T[]], note: string): SwitchRule<T> {
  return { initial: options[0], note, expected: options.join(' | '), accepts: (value) => options.some((option) => option === value) };
}

/** The switches: behaviour that the vendors do not document, and load or disorder on demand. Defaults follow the reference. */
export const switchRules = {
  'kommo.requests_per_second': amount(7, 'calls per client IP in any second; 0 = no limit'),
  'kommo.retry_after_seconds': amount(300, '`retry_after` of a 429'),
  'kommo.429_body': choice(['json', 'text'], 'body of a 429'),
  'kommo.violations_before_block': amount(10, '429 responses within retry_after_seconds before a block; 0 = none'),
  'kommo.block_seconds': amount(60, 'duration of a block; its response is a plain text 403'),
  'kommo.block_disables_webhooks': flag(true, 'a block disables the webhooks of all accounts'),
  'kommo.rotation': choice(['A', 'B'], 'A: the old refresh token is valid until the new pair is used; B: it is valid once'),
  'kommo.retired_by': choice(['any_use', 'refresh'], 'rotation A: the use of the new pair that ends the old token'),
  'kommo.token_accepts_form': flag(false, 'the token endpoint also accepts form-encoded bodies'),
  'kommo.spent_refresh_hint': choice(['Token has been revoked', 'Invalid refresh token'], 'hint for a used refresh token'),
  'kommo.access_token_seconds': amount(86400, 'lifetime of an access token'),
  'kommo.refresh_token_seconds': amount(7776000, 'lifetime of an unused refresh token'),
  'kommo.token_delay_ms': amount(0, 'delay of responses of the token endpoint'),
  'kommo.renamed_status': choice(
    [404, 401, 301],
    'status of token endpoint and API on the old host after a rename; 301 leads to the new host',
  ),
  'kommo.disposable_is_admin': choice(['present', 'absent'], 'claim `is_admin` of the widget token'),
  'kommo.user_response': choice(['same', 'other', 'without_is_admin'], 'what `GET /api/v4/users/:id` shows'),
  'kommo.trashed_visible': choice(['hidden', 'by_id', 'everywhere'], 'where a deleted contact is returned'),
  'kommo.unsorted_listed': flag(true, 'the list contains contacts of unaccepted incoming leads'),
  'kommo.empty_reads': flag(false, 'every list of entities is empty, also one by id'),
  'kommo.default_limit': amount(50, 'page size without `limit`'),
  'kommo.filters_off_keeps_id': flag(false, '`filter[id]` works although the account has no filters'),
  'kommo.heavy_batch_504': flag(false, 'a write of more than 50 entities gets a 504'),
  'kommo.webhook_repost': choice(['replace', 'merge'], 'what a second subscription of a destination does to its settings'),
  'kommo.webhook_repost_enables': flag(true, 'a second subscription enables a disabled webhook'),
  'kommo.webhook_plan_error': choice([402, 403], 'status of the webhooks API on a plan without webhooks'),
  'kommo.webhooks_empty': choice([204, 200], 'status of an empty webhooks list'),
  'kommo.hook_hold': flag(false, 'deliveries wait for `POST /sandbox/kommo/hooks/flush`'),
  'kommo.hook_duplicates': amount(0, 'extra copies of each delivery'),
  'kommo.hook_delay_ms': amount(0, 'delay of each delivery'),
  'kommo.hook_order': choice(['sent', 'reverse', 'shuffle'], 'order of held deliveries in a flush'),
  'kommo.hook_batch': amount(1, 'entities per delivery'),
  'kommo.hook_batch_window_ms': amount(100, 'time until an incomplete batch is sent'),
  'kommo.hook_concurrency': amount(16, 'number of simultaneous deliveries'),
  'kommo.hook_timeout_ms': amount(2000, 'time-out of a receiver'),
  'kommo.hook_timeout_code': choice([0, 499], 'code that a time-out counts as'),
  'kommo.hook_time_scale': amount(1, 'factor of the retry delays of 5, 15, 15 and 60 minutes'),
  'kommo.hook_request_id': choice(['stable', 'new'], '`x-amocrm-requestid` of a retry'),
  'kommo.hook_disable_after': amount(100, 'invalid responses in two hours before a webhook is disabled'),
  'kommo.hook_after_api_writes': flag(true, 'writes through the API also fire hooks'),
  'kommo.add_followed_by_update': flag(false, 'an add is followed by an update of the same contact'),
  'kommo.add_follow_up_ms': amount(3000, 'delay of that update'),
  'kommo.responsible_twice': flag(false, 'a change of the responsible user is delivered twice'),
  'kommo.hook_old_responsible_always': flag(false, 'each update has `old_responsible_user_id`'),
  'kommo.hook_group_id': flag(false, 'bodies have `group_id = -1`'),
  'kommo.hook_without_type': flag(false, 'bodies have no `type`, like very old ones'),
  'kommo.hook_account_last': flag(false, 'the account block is last, as in 2018-2022'),
  'unisender.requests_per_minute': amount(1200, 'calls per key in a fixed minute; 0 = no limit'),
  'unisender.subscribe_per_minute': amount(300, 'subscribe calls per key in a fixed minute; 0 = no limit'),
  'unisender.export_per_minute': amount(20, 'async/exportContacts calls per key in a fixed minute; 0 = no limit'),
  'unisender.ip_requests_per_minute': amount(0, 'calls per client IP in a fixed minute; 0 = no limit'),
  'unisender.max_rows': amount(500, 'maximum number of rows of importContacts'),
  'unisender.over_max_rows': choice(['invalid_arg', 'truncate'], 'effect of more rows'),
  'unisender.delay_ms': amount(0, 'delay of each method'),
  'unisender.max_body_bytes': amount(0, 'a longer body gets HTTP status 413; 0 = no limit'),
  'unisender.added_at': choice(['present', 'absent'], '`added_at` of getContact and `email_add_time` of exports'),
  'unisender.clock_offset_seconds': number(0, 'distance of the clock of Unisender'),
  'unisender.import_sums': choice(
    ['true', 'short_total', 'no_log', 'no_sums', 'no_invalid'],
    'lies of importContacts: `total` without the last row; no `log`; only `total`; no `invalid`',
  ),
  'unisender.reimport_revives': flag(false, 'an import into a list ends the unsubscribe from that list'),
  'unisender.count_unknown_deletes': flag(true, '`deleted` also counts unknown addresses'),
  'unisender.restore_status': flag(true, 'an address added after its deletion gets its last status back'),
  'unisender.new_to_unsubscribed': flag(true, 'an import can change `new` to `unsubscribed`'),
  'unisender.count_duplicates': flag(false, 'an address that is repeated within one import counts again'),
  'unisender.unknown_list': choice(['invalid_arg', 'log', 'ignore'], 'effect of an import into an unknown list'),
  'unisender.unknown_field': choice(['ignore', 'invalid_arg'], 'effect of an import column that is no field'),
  'unisender.empty_cell': choice(['clears', 'keeps'], 'effect of an empty cell'),
  'unisender.role_filter': flag(true, 'role addresses (info@, sales@, no-reply@, all@) are not imported'),
  'unisender.unicode_addresses': flag(true, 'an import accepts non-ASCII addresses'),
  'unisender.fold_case': flag(true, 'addresses that differ only in case are the same'),
  'unisender.log_index': choice(['string', 'number'], 'type of `log[].index`'),
  'unisender.empty_log': choice(['array', 'null', 'absent'], 'form of an empty `log`'),
  'unisender.void_result': choice(['array', 'object'], 'result of a method that returns nothing'),
  'unisender.not_found_code': choice(['object_not_found', 'unspecified'], 'code for an unknown contact in getContact'),
  'unisender.escape_unicode': flag(true, 'responses escape non-ASCII characters'),
  'unisender.duplicate_list_title': choice(['error', 'allowed'], 'createList with an existing title'),
  'unisender.subscribe_revives': flag(false, 'subscribe with `double_optin=3` changes unsubscribed to new'),
  'unisender.export_seconds': amount(1, 'time until an export is completed'),
  'unisender.export_time_offset_minutes': number(0, 'distance of the times in exports from UTC'),
  'unisender.export_delimiter': choice([',', ';', '\t'], 'delimiter of the exported CSV'),
  'unisender.export_gzip': flag(false, 'the exported file is gzip'),
  'unisender.export_fails': flag(false, 'export tasks end as failed'),
  'unisender.export_task': choice(['file', 'no_file', 'unknown_status'], 'how a finished export task looks'),
  'unisender.export_file': choice(
    ['csv', 'bom', 'other_header', 'no_header', 'empty', 'html', 'json', 'zip', 'cut'],
    'content of the exported file; `other_header`: `E-mail` for `email`; `cut`: ends in the middle of a row',
  ),
  'unisender.hook_probe': choice(['required', 'ignored', 'off'], 'GET probe of setHook'),
  'unisender.hook_hold': flag(false, 'deliveries wait for POST /sandbox/unisender/hooks/flush'),
  'unisender.hook_duplicates': amount(0, 'extra copies of each delivery'),
  'unisender.hook_timeout_ms': amount(3000, 'time-out of a receiver'),
  'unisender.hook_time_scale': amount(1, 'factor of the retry delay of 10 minutes and the limit of 24 hours'),
  'unisender.import_fires_hooks': flag(false, 'importContacts fires subscribe events'),
  'unisender.event_list_ids': choice(
    ['by_meaning', 'absent', 'mixed'],
    'list ids of events; `mixed` adds `list_ids` with all lists of the contact',
  ),
  'calls.kept': amount(200000, 'number of stored calls'),
  'calls.body_bytes': amount(262144, 'stored bytes of one body'),
  'calls.total_body_bytes': amount(33554432, 'stored bytes of all bodies; the oldest bodies are dropped first'),
} as const;

type Rules = typeof switchRules;
/** The name of a switch. */
export type SwitchName = keyof Rules;
type ValueOf<R> = R extends SwitchRule<infer T> ? T : never;
/** The values of all switches. */
export type SwitchValues = { -readonly [Name in SwitchName]: ValueOf<Rules[Name]> };

/** The current values of all switches. */
export class Switches {
  private values = initialValues();

  /** The value of one switch. */
  get<Name extends SwitchName>(name: Name): SwitchValues[Name] {
    return this.values[name];
  }

  /** All values. */
  all(): SwitchValues {
    return { ...this.values };
  }

  /** Sets all given switches, or none. Throws ControlError with every invalid switch. */
  set(input: Readonly<Record<string, unknown>>): void {
    const problems = Object.entries(input).flatMap(([name, value]) => findProblem(name, value));
    if (problems.length > 0) throw new ControlError(problems.join('; '));
    this.values = { ...this.values, ...input };
  }
}

function initialValues(): SwitchValues {
  const entries = Object.entries(switchRules).map(([name, rule]) => [name, rule.initial]);
  return Object.fromEntries(entries) as SwitchValues;
}

function findProblem(name: string, value: unknown): string[] {
  if (!Object.hasOwn(switchRules, name)) return [`unknown switch ${name}`];
  const rule = switchRules[name as SwitchName];
  return rule.accepts(value) ? [] : [`${name} must be ${rule.expected}`];
}
