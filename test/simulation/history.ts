import { type Random, pick } from '../../apps/sandbox/src/random.js';

/** One step of a history. Numbers select an item modulo the number of items, so that a shortened history still makes sense. */
export interface Step {
  readonly do: StepKind;
  /** Which account. */
  readonly a?: number;
  /** Which contact of the account, address of the pool, name, title, setting … */
  readonly n?: number;
  readonly m?: number;
  /** Addresses of the pool. */
  readonly emails?: readonly number[];
  readonly kind?: string;
  readonly match?: string;
  /** Milliseconds that pass after the step. */
  readonly waitMs: number;
}

/** The circumstances of a history. */
export interface Circumstances {
  readonly accounts: number;
  /** Both accounts use one Unisender key. */
  readonly isKeyShared: boolean;
  readonly processes: number;
  /** How wrong the clock of each process is, milliseconds. */
  readonly skewsMs: readonly number[];
  readonly contacts: number;
  readonly switches: Readonly<Record<string, unknown>>;
}

/** A whole history: it replays exactly. */
export interface History {
  readonly seed: number;
  readonly circumstances: Circumstances;
  readonly steps: readonly Step[];
}

interface Rule {
  readonly weight: number;
  readonly fill?: (random: Random) => Omit<Step, 'do' | 'waitMs' | 'a'>;
}

const upTo = (random: Random, count: number): number => Math.floor(random() * count);
const emailsOf = (random: Random): number[] => Array.from({ length: upTo(random, 3) }, () => upTo(random, 1_000));
const contact = (random: Random) => ({ n: upTo(random, 1_000) });
const two = (random: Random) => ({ n: upTo(random, 1_000), m: upTo(random, 1_000) });

/** Parts of calls that a fault selects. */
const MATCHES = [
  'importContacts',
  'exclude',
  'getContact',
  'getLists',
  'async/',
  'unisender-files',
  '/api/v4/contacts',
  '/api/v4/contacts?',
  '/oauth2/',
  'POST',
  'GET',
] as const;
const NETWORK_FAULTS = ['reset', 'lost', 'silent', 'silent_done'] as const;
const VENDOR_FAULTS = ['429', '500', '502', '503', '504', '403html', 'empty', 'half_body'] as const;
const UNISENDER_CODES = ['retry_later', 'unspecified', 'not_enough_money', 'api_call_limit_exceeded_for_api_key', 'invalid_arg'] as const;

/** Every kind of step: how often it comes, and with what. */
const rules = {
  // People in Kommo.
  create: { weight: 8, fill: (random) => ({ ...two(random), emails: emailsOf(random) }) },
  rename: { weight: 5, fill: two },
  emails: { weight: 8, fill: (random) => ({ ...contact(random), emails: emailsOf(random) }) },
  delete: { weight: 5, fill: contact },
  restore: { weight: 4, fill: contact },
  merge: { weight: 2, fill: two },
  position: { weight: 1, fill: two },
  tag: { weight: 2, fill: two },
  // People in Unisender.
  unsubscribe: { weight: 3, fill: (random) => ({ n: upTo(random, 1_000), kind: pick(random, ['all', 'list', 'list']) }) },
  complain: { weight: 1, fill: contact },
  subscribe: { weight: 2, fill: (random) => ({ n: upTo(random, 1_000), kind: pick(random, ['ours', 'other']) }) },
  stranger: { weight: 2, fill: (random) => ({ n: upTo(random, 1_000), kind: pick(random, ['none', 'other', 'ours']) }) },
  handDelete: { weight: 1, fill: contact },
  marketerList: { weight: 2, fill: contact },
  renameList: { weight: 1, fill: contact },
  deleteList: { weight: 1 },
  newKey: { weight: 1, fill: (random) => ({ kind: pick(random, ['keep', 'drop']) }) },
  moveAccount: { weight: 0.5 },
  // The administrator and the operator.
  saveKey: { weight: 1 },
  retitle: { weight: 1.5, fill: contact },
  filter: { weight: 1, fill: contact },
  deletePolicy: { weight: 0.5, fill: contact },
  mapField: { weight: 0.5, fill: contact },
  reconcile: { weight: 2 },
  confirm: { weight: 1 },
  // The network, the queue and the processes.
  deliver: { weight: 8, fill: (random) => ({ n: upTo(random, 2), kind: pick(random, ['sent', 'sent', 'reverse', 'shuffle']) }) },
  loseHooks: { weight: 2, fill: (random) => ({ kind: pick(random, ['kommo', 'unisender', 'both']) }) },
  networkFault: {
    weight: 3,
    fill: (random) => ({ n: upTo(random, 3), kind: pick(random, NETWORK_FAULTS), match: pick(random, MATCHES) }),
  },
  lateEffect: {
    weight: 1,
    fill: (random) => ({ n: upTo(random, 840), match: pick(random, ['importContacts', 'importContacts', 'exclude']) }),
  },
  vendorFault: { weight: 3, fill: (random) => ({ n: upTo(random, 3), kind: pick(random, VENDOR_FAULTS), match: pick(random, MATCHES) }) },
  unisenderCode: {
    weight: 2,
    fill: (random) => ({
      n: upTo(random, 2),
      kind: pick(random, UNISENDER_CODES),
      match: pick(random, ['importContacts', 'exclude', 'getContact', 'async/']),
    }),
  },
  refusal: { weight: 1, fill: (random) => ({ n: upTo(random, 1_000), kind: pick(random, ['row', 'call', 'exclude', 'look', 'silent']) }) },
  sums: { weight: 1, fill: (random) => ({ kind: pick(random, ['true', 'short_total', 'no_log', 'no_sums', 'no_invalid']) }) },
  badExport: {
    weight: 1,
    fill: (random) => ({ kind: pick(random, ['csv', 'bom', 'other_header', 'no_header', 'empty', 'html', 'json', 'zip', 'cut']) }),
  },
  exportTask: { weight: 0.5, fill: (random) => ({ kind: pick(random, ['file', 'no_file', 'unknown_status']) }) },
  kommoLie: { weight: 1, fill: (random) => ({ n: upTo(random, 3), kind: pick(random, ['no_fields', 'empty']) }) },
  kommoLag: { weight: 1, fill: (random) => ({ n: upTo(random, 1_000), m: upTo(random, 2) }) },
  queueFault: { weight: 2, fill: (random) => ({ n: upTo(random, 3), kind: pick(random, ['lose', 'repeat', 'delay', 'down', 'up']) }) },
  crash: { weight: 4, fill: (random) => ({ n: upTo(random, 60) }) },
  revokeToken: { weight: 0.3 },
  expireToken: { weight: 1 },
  wait: { weight: 5, fill: (random) => ({ n: pick(random, [10, 60, 300, 1_000, 3_600]) }) },
  night: { weight: 1 },
} as const satisfies Readonly<Record<string, Rule>>;

/** What a step does. */
export type StepKind = keyof typeof rules;

/** Every kind of step. */
export const stepKinds = Object.keys(rules) as StepKind[];

const WAITS_MS = [0, 0, 300, 1_500, 5_000] as const;

function drawKind(random: Random, enabled: readonly StepKind[]): StepKind {
  const total = enabled.reduce((sum, kind) => sum + rules[kind].weight, 0);
  let left = random() * total;
  for (const kind of enabled) {
    left -= rules[kind].weight;
    if (left < 0) return kind;
  }
  return 'wait';
}

function drawStep(random: Random, enabled: readonly StepKind[], accounts: number): Step {
  const kind = drawKind(random, enabled);
  const rule: Rule = rules[kind];
  return { do: kind, ...(accounts > 1 && { a: upTo(random, accounts) }), ...rule.fill?.(random), waitMs: pick(random, WAITS_MS) };
}

function drawCircumstances(random: Random, { twoAccounts, skew }: Pick<Enabled, 'twoAccounts' | 'skew'>): Circumstances {
  const accounts = twoAccounts && random() < 0.3 ? 2 : 1;
  const processes = random() < 0.3 ? 2 : 1;
  return {
    accounts,
    isKeyShared: random() < 0.7,
    processes,
    skewsMs: Array.from({ length: processes }, () => (skew && random() < 0.4 ? Math.round((random() - 0.5) * 600_000) : 0)),
    contacts: random() < 0.3 ? 14 + upTo(random, 6) : upTo(random, 5),
    switches: {
      'unisender.added_at': random() < 0.2 ? 'absent' : 'present',
      'unisender.clock_offset_seconds': random() < 0.2 ? Math.round((random() - 0.5) * 300) : 0,
      'kommo.trashed_visible': pick(random, ['hidden', 'hidden', 'by_id', 'everywhere']),
      'unisender.count_unknown_deletes': random() < 0.5,
      'unisender.empty_cell': random() < 0.7 ? 'clears' : 'keeps',
      'unisender.event_list_ids': pick(random, ['by_meaning', 'by_meaning', 'absent', 'mixed']),
      'unisender.import_fires_hooks': random() < 0.3,
      'kommo.add_followed_by_update': random() < 0.2,
    },
  };
}

/** What the generator may use. */
export interface Enabled {
  readonly steps: readonly StepKind[];
  readonly twoAccounts: boolean;
  readonly skew: boolean;
}

const MIN_STEPS = 12;
const MORE_STEPS = 40;

/** Draws a history. */
export function drawHistory(seed: number, random: Random, enabled: Enabled): History {
  const circumstances = drawCircumstances(random, enabled);
  const count = MIN_STEPS + upTo(random, MORE_STEPS);
  const steps = Array.from({ length: count }, () => drawStep(random, enabled.steps, circumstances.accounts));
  return { seed, circumstances, steps };
}
