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

/** The first option is the default. */
function choice<const T extends string | number>(options: readonly [T, ...T[]], note: string): SwitchRule<T> {
  return { initial: options[0], note, expected: options.join(' | '), accepts: (value) => options.some((option) => option === value) };
}

/** Everything the vendors leave unconfirmed, and every load or disorder the sandbox can make. Defaults follow the reference. */
export const switchRules = {
  'kommo.requests_per_second': amount(7, 'calls allowed in any sliding second per caller address; 0 = no limit'),
  'kommo.retry_after_seconds': amount(300, 'retry_after of a 429'),
  'kommo.429_body': choice(['json', 'text'], 'body of a 429'),
  'kommo.violations_before_block': amount(10, '429 answers within retry_after_seconds that block the caller; 0 = never'),
  'kommo.block_seconds': amount(60, 'how long a blocked caller gets 403 plain text'),
  'kommo.block_disables_webhooks': flag(true, 'a block switches the webhooks of all accounts off'),
  'kommo.rotation': choice(['A', 'B'], 'A: an old refresh token works until the new pair is used; B: strictly once'),
  'kommo.retired_by': choice(['any_use', 'refresh'], 'rotation A: which use of the new pair retires the old token'),
  'kommo.token_accepts_form': flag(false, 'token endpoint takes form-encoded bodies too'),
  'kommo.spent_refresh_hint': choice(['Token has been revoked', 'Invalid refresh token'], 'hint for a spent refresh token'),
  'kommo.access_token_seconds': amount(86400, 'life of an access token'),
  'kommo.refresh_token_seconds': amount(7776000, 'life of an unused refresh token'),
  'kommo.token_delay_ms': amount(0, 'the token endpoint answers this much later'),
  'kommo.renamed_status': choice([404, 401], 'token endpoint and API on a host that no longer exists'),
  'kommo.disposable_is_admin': choice(['present', 'absent'], 'is_admin claim of the widget token'),
  'kommo.trashed_visible': choice(['hidden', 'by_id', 'everywhere'], 'where a deleted contact shows, with is_deleted: true'),
  'kommo.unsorted_listed': flag(true, 'contacts of unaccepted incoming leads are in the list'),
  'kommo.default_limit': amount(50, 'page size when limit is not given'),
  'kommo.filters_off_keeps_id': flag(false, 'filter[id] works even where the account has filters off'),
  'kommo.heavy_batch_504': flag(false, 'a write of more than 50 entities answers 504'),
  'kommo.webhook_repost': choice(['replace', 'merge'], 'settings when the same destination is posted again'),
  'kommo.webhook_repost_enables': flag(true, 'posting a destination again enables a disabled webhook'),
  'kommo.webhook_plan_error': choice([402, 403], 'webhooks API on a plan without webhooks'),
  'kommo.webhooks_empty': choice([204, 200], 'webhooks list when there is none'),
  'kommo.hook_hold': flag(false, 'deliveries wait for POST /sandbox/kommo/hooks/flush'),
  'kommo.hook_duplicates': amount(0, 'extra copies of every delivery'),
  'kommo.hook_delay_ms': amount(0, 'every delivery starts this much later'),
  'kommo.hook_order': choice(['sent', 'reverse', 'shuffle'], 'order in which held deliveries are flushed'),
  'kommo.hook_batch': amount(1, 'entities per delivery'),
  'kommo.hook_batch_window_ms': amount(100, 'how long a batch waits to fill'),
  'kommo.hook_concurrency': amount(16, 'deliveries under way at once'),
  'kommo.hook_timeout_ms': amount(2000, 'time a receiver has to answer'),
  'kommo.hook_timeout_code': choice([0, 499], 'the code a time-out counts as'),
  'kommo.hook_time_scale': amount(1, 'factor on the waits of 5/15/15/60 minutes'),
  'kommo.hook_request_id': choice(['stable', 'new'], 'x-amocrm-requestid of a retry'),
  'kommo.hook_disable_after': amount(100, 'invalid answers in two hours after which a hook is switched off'),
  'kommo.hook_after_api_writes': flag(true, 'writes through the API fire hooks'),
  'kommo.add_followed_by_update': flag(false, 'an add is followed by an update of the same contact'),
  'kommo.add_follow_up_ms': amount(3000, 'when that update comes'),
  'kommo.responsible_twice': flag(false, 'update_contact and responsible_contact each deliver a change of owner'),
  'kommo.hook_old_responsible_always': flag(false, 'every update carries old_responsible_user_id'),
  'kommo.hook_group_id': flag(false, 'bodies carry group_id = -1'),
  'kommo.hook_without_type': flag(false, 'bodies have no type, as very old ones'),
  'kommo.hook_account_last': flag(false, 'the account block comes last, as in 2018-2022'),
  'unisender.requests_per_minute': amount(1200, 'calls per key in a fixed minute; 0 = no limit'),
  'unisender.subscribe_per_minute': amount(300, 'subscribe calls per key in a fixed minute; 0 = no limit'),
  'unisender.export_per_minute': amount(20, 'async/exportContacts calls per key in a fixed minute; 0 = no limit'),
  'unisender.ip_requests_per_minute': amount(0, 'calls per caller address in a fixed minute; 0 = no limit'),
  'unisender.max_rows': amount(500, 'rows of one importContacts'),
  'unisender.over_max_rows': choice(['invalid_arg', 'truncate'], 'more rows than that'),
  'unisender.delay_ms': amount(0, 'every method answers this much later'),
  'unisender.count_unknown_deletes': flag(true, 'deleting an unknown address counts in deleted'),
  'unisender.restore_status': flag(true, 'an address added again after delete gets its last status back'),
  'unisender.new_to_unsubscribed': flag(true, 'import may turn new into unsubscribed'),
  'unisender.count_duplicates': flag(false, 'a repeated address within one import counts again'),
  'unisender.unknown_list': choice(['invalid_arg', 'log', 'ignore'], 'an import into a list that does not exist'),
  'unisender.unknown_field': choice(['ignore', 'invalid_arg'], 'an import column that is no field of the account'),
  'unisender.empty_cell': choice(['clears', 'keeps'], 'an empty field cell'),
  'unisender.role_filter': flag(true, 'role addresses (info@, sales@, no-reply@, all@) are not imported'),
  'unisender.unicode_addresses': flag(true, 'addresses outside ASCII are accepted by an import'),
  'unisender.fold_case': flag(true, 'addresses that differ in case are one'),
  'unisender.log_index': choice(['string', 'number'], 'type of log[].index'),
  'unisender.empty_log': choice(['array', 'null', 'absent'], 'log when there is nothing in it'),
  'unisender.void_result': choice(['array', 'object'], 'result of a method that returns nothing'),
  'unisender.not_found_code': choice(['object_not_found', 'unspecified'], 'code for an unknown contact in getContact'),
  'unisender.escape_unicode': flag(true, 'answers escape everything outside ASCII'),
  'unisender.duplicate_list_title': choice(['error', 'allowed'], 'createList with a title in use'),
  'unisender.subscribe_revives': flag(false, 'subscribe with double_optin=3 turns unsubscribed into new'),
  'unisender.export_seconds': amount(1, 'time from exportContacts to completed'),
  'unisender.export_delimiter': choice([',', ';', '\t'], 'delimiter of the exported CSV'),
  'unisender.export_gzip': flag(false, 'the exported file is gzip'),
  'unisender.export_fails': flag(false, 'export tasks end as failed'),
  'unisender.hook_probe': choice(['required', 'ignored', 'off'], 'GET probe of setHook'),
  'unisender.hook_hold': flag(false, 'deliveries wait for POST /sandbox/unisender/hooks/flush'),
  'unisender.hook_duplicates': amount(0, 'extra copies of every delivery'),
  'unisender.hook_timeout_ms': amount(3000, 'time a receiver has to answer'),
  'unisender.hook_time_scale': amount(1, 'factor on the retry wait of 10 minutes and the end after 24 hours'),
  'unisender.import_fires_hooks': flag(false, 'importContacts fires subscribe events'),
  'calls.kept': amount(200000, 'calls kept in the log'),
  'calls.body_bytes': amount(262144, 'bytes kept of one body'),
  'calls.total_body_bytes': amount(33554432, 'bytes kept of all bodies; the oldest are dropped'),
} as const;

type Rules = typeof switchRules;
export type SwitchName = keyof Rules;
type ValueOf<R> = R extends SwitchRule<infer T> ? T : never;
export type SwitchValues = { -readonly [Name in SwitchName]: ValueOf<Rules[Name]> };

export class Switches {
  private values = initialValues();

  get<Name extends SwitchName>(name: Name): SwitchValues[Name] {
    return this.values[name];
  }

  all(): SwitchValues {
    return { ...this.values };
  }

  /** Sets all or none; throws ControlError naming every bad switch. */
  set(input: Readonly<Record<string, unknown>>): void {
    const problems = Object.entries(input).flatMap(([name, value]) => problemOf(name, value));
    if (problems.length > 0) throw new ControlError(problems.join('; '));
    this.values = { ...this.values, ...input };
  }
}

function initialValues(): SwitchValues {
  const entries = Object.entries(switchRules).map(([name, rule]) => [name, rule.initial]);
  return Object.fromEntries(entries) as SwitchValues;
}

function problemOf(name: string, value: unknown): string[] {
  if (!Object.hasOwn(switchRules, name)) return [`unknown switch ${name}`];
  const rule = switchRules[name as SwitchName];
  return rule.accepts(value) ? [] : [`${name} must be ${rule.expected}`];
}
