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
  /** The longest time of a call to a vendor, milliseconds. */
  readonly latencyMs: number;
  /** Nothing happens that only a reconciliation mends: everything is right before the first night. */
  readonly isPrompt: boolean;
  readonly switches: Readonly<Record<string, unknown>>;
}

/** A whole history: it replays exactly. */
export interface History {
  readonly seed: number;
  readonly circumstances: Circumstances;
  readonly steps: readonly Step[];
}

/** Indices of addresses. */
type Pool = readonly [number, ...number[]];

/** Draws what a step needs. `pool` are the addresses of the history. */
type Fill = (random: Random, pool: Pool) => Omit<Step, 'do' | 'waitMs' | 'a'>;

interface Rule {
  readonly weight: number;
  readonly fill?: Fill;
}

const upTo = (random: Random, count: number): number => Math.floor(random() * count);
const emailsOf = (random: Random, pool: Pool): number[] => Array.from({ length: upTo(random, 3) }, () => pick(random, pool));
const contact: Fill = (random) => ({ n: upTo(random, 1_000) });
const two: Fill = (random) => ({ n: upTo(random, 1_000), m: upTo(random, 1_000) });
/** One address of the pool. */
const address: Fill = (random, pool) => ({ n: pick(random, pool) });

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
const VENDOR_FAULTS = ['429', '500', '502', '503', '504', '402', '413', '403html', 'empty', 'half_body'] as const;
const UNISENDER_CODES = ['retry_later', 'unspecified', 'not_enough_money', 'api_call_limit_exceeded_for_api_key', 'invalid_arg'] as const;

/** Every kind of step: how often it comes, and with what. */
const rules = {
  // People in Kommo.
  create: { weight: 8, fill: (random, pool) => ({ ...two(random, pool), emails: emailsOf(random, pool) }) },
  rename: { weight: 5, fill: two },
  emails: { weight: 8, fill: (random, pool) => ({ ...contact(random, pool), emails: emailsOf(random, pool) }) },
  delete: { weight: 5, fill: contact },
  restore: { weight: 4, fill: contact },
  merge: { weight: 2, fill: two },
  position: { weight: 1, fill: two },
  tag: { weight: 2, fill: two },
  // People in Unisender.
  unsubscribe: {
    weight: 3,
    fill: (random) => ({ n: upTo(random, 1_000), m: upTo(random, 3), kind: pick(random, ['all', 'list', 'list']) }),
  },
  complain: { weight: 1, fill: contact },
  subscribe: { weight: 2, fill: (random, pool) => ({ n: pick(random, pool), kind: pick(random, ['ours', 'other']) }) },
  stranger: { weight: 2, fill: (random, pool) => ({ n: pick(random, pool), kind: pick(random, ['none', 'other', 'ours']) }) },
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
  addressKinds: { weight: 0.5, fill: contact },
  mapField: { weight: 0.5, fill: contact },
  reconcile: { weight: 2 },
  confirm: { weight: 1 },
  addAddress: { weight: 1, fill: address },
  removeAddress: { weight: 1, fill: address },
  erase: { weight: 0.5, fill: address },
  resync: { weight: 1, fill: (random, pool) => ({ n: pick(random, pool), kind: pick(random, ['contact', 'address', 'all_failing']) }) },
  // The network, the queue and the processes.
  deliver: {
    weight: 8,
    fill: (random) => ({
      n: upTo(random, 2),
      kind: pick(random, ['sent', 'sent', 'reverse', 'shuffle']),
      match: pick(random, ['both', 'both', 'kommo', 'unisender']),
    }),
  },
  loseHooks: { weight: 2, fill: (random) => ({ kind: pick(random, ['kommo', 'unisender', 'both']) }) },
  repeatHook: { weight: 2, fill: contact },
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
  refusal: {
    weight: 1,
    fill: (random, pool) => ({ n: pick(random, pool), kind: pick(random, ['row', 'call', 'exclude', 'look', 'silent']) }),
  },
  sums: { weight: 1, fill: (random) => ({ kind: pick(random, ['true', 'short_total', 'no_log', 'no_sums', 'no_invalid']) }) },
  badExport: {
    weight: 1,
    fill: (random) => ({ kind: pick(random, ['csv', 'bom', 'other_header', 'no_header', 'empty', 'html', 'json', 'zip', 'cut']) }),
  },
  exportTask: { weight: 0.5, fill: (random) => ({ kind: pick(random, ['file', 'no_file', 'unknown_status']) }) },
  kommoLie: { weight: 1, fill: (random) => ({ n: upTo(random, 3), kind: pick(random, ['no_fields', 'empty']) }) },
  kommoLag: {
    weight: 1,
    fill: (random) => ({ n: upTo(random, 1_000), m: upTo(random, 2), kind: pick(random, ['delete', 'rename']) }),
  },
  queueFault: { weight: 2, fill: (random) => ({ n: upTo(random, 3), kind: pick(random, ['lose', 'repeat', 'delay', 'down', 'up']) }) },
  crash: { weight: 4, fill: (random) => ({ n: upTo(random, 60) }) },
  stall: {
    weight: 1,
    fill: (random) => ({ n: upTo(random, 60), m: pick(random, [20, 120, 120, 600]), kind: pick(random, ['point', 'call', 'call']) }),
  },
  revokeToken: { weight: 0.3 },
  expireToken: { weight: 1 },
  wait: { weight: 5, fill: (random) => ({ n: pick(random, [10, 60, 300, 1_000, 3_600]) }) },
  night: { weight: 1 },
} as const satisfies Readonly<Record<string, Rule>>;

/** What a step does. */
export type StepKind = keyof typeof rules;

/** Every kind of step. */
export const stepKinds = Object.keys(rules) as StepKind[];

/** Histories in which some steps are frequent and others are missing find what an even mixture hides. */
interface Theme {
  readonly steps: readonly StepKind[];
  readonly accounts?: number;
  readonly processes?: number;
  /** The number of addresses. */
  readonly pool?: number;
  readonly contacts?: number;
  readonly isPrompt?: boolean;
  readonly latencyMs?: number;
  readonly switches?: Readonly<Record<string, unknown>>;
}

/** What happens in every history. */
const COMMON: readonly StepKind[] = ['create', 'rename', 'emails', 'delete', 'deliver', 'wait'];

const themes = {
  // Two accounts with one key want and drop the same addresses.
  'shared key': {
    steps: ['create', 'emails', 'emails', 'delete', 'restore'],
    accounts: 2,
    pool: 2,
    contacts: 2,
    latencyMs: 20_000,
    switches: { 'kommo.hook_hold': false },
  },
  // Refusals of a list that is deleted before they are learnt.
  'late refusals': {
    steps: ['unsubscribe', 'unsubscribe', 'unsubscribe', 'deleteList', 'reconcile', 'reconcile', 'rename', 'rename', 'deliver'],
    accounts: 1,
    contacts: 2,
    switches: { 'kommo.hook_hold': false, 'unisender.hook_hold': true },
  },
  // Lists, keys and refusals change together.
  'changed lists': {
    steps: ['unsubscribe', 'deleteList', 'retitle', 'reconcile', 'rename', 'subscribe', 'newKey', 'addAddress', 'repeatHook'],
    contacts: 3,
  },
  // Refusals that arrive while a round of calls runs.
  'refusals between calls': {
    steps: ['unsubscribe', 'unsubscribe', 'rename', 'create', 'deliver'],
    contacts: 6,
    latencyMs: 20_000,
    switches: { 'kommo.hook_hold': true, 'unisender.hook_hold': false },
  },
  // Addresses that refused and go with their contacts.
  'refused and dropped': {
    steps: ['unsubscribe', 'delete', 'emails', 'restore', 'loseHooks', 'removeAddress', 'erase', 'complain'],
    contacts: 4,
  },
  // Calls that end without a response, or land late.
  'lost responses': {
    steps: ['create', 'emails', 'delete', 'restore', 'lateEffect', 'networkFault', 'crash', 'stall', 'resync'],
    pool: 3,
    isPrompt: true,
  },
  // Responses that do not say what happened to each row.
  'wrong sums': { steps: ['create', 'emails', 'refusal', 'sums', 'lateEffect', 'resync'], contacts: 0, isPrompt: true },
  // Webhooks late, doubled and in another order.
  'old webhooks': {
    steps: ['rename', 'emails', 'position', 'merge', 'repeatHook', 'queueFault', 'crash'],
    pool: 3,
    contacts: 3,
    isPrompt: true,
  },
  // A worker that stops for longer than its lease.
  'stopped workers': {
    steps: ['stall', 'emails', 'emails', 'delete', 'restore'],
    accounts: 1,
    processes: 2,
    pool: 1,
    contacts: 1,
    isPrompt: true,
    switches: { 'kommo.hook_hold': false },
  },
  // Others put the same addresses into Unisender.
  strangers: {
    steps: ['stranger', 'create', 'emails', 'delete'],
    contacts: 0,
    pool: 5,
    switches: { 'kommo.hook_hold': false },
  },
  // The marketer works on the same addresses.
  marketer: {
    steps: ['stranger', 'create', 'emails', 'delete', 'handDelete', 'marketerList', 'subscribe', 'crash', 'lateEffect'],
    contacts: 3,
  },
  // Removals that wait for a confirmation, and runs that end before it.
  'held removals': {
    steps: ['filter', 'filter', 'tag', 'confirm', 'reconcile', 'kommoLie', 'networkFault', 'vendorFault', 'retitle', 'crash', 'deleteList'],
    contacts: 16,
  },
  // Webhooks and retries while removals wait for a confirmation.
  'changes of held removals': {
    steps: ['filter', 'filter', 'rename', 'rename', 'tag', 'repeatHook', 'deliver', 'refusal', 'wait', 'reconcile', 'delete'],
    contacts: 16,
  },
  // What the operator does.
  operator: {
    steps: ['addAddress', 'removeAddress', 'erase', 'resync', 'addressKinds', 'filter', 'confirm', 'reconcile', 'stranger'],
    pool: 4,
  },
} as const satisfies Readonly<Record<string, Theme>>;

/** The name of a theme. */
export type ThemeName = keyof typeof themes;

/** All themes. */
export const themeNames = Object.keys(themes) as [ThemeName, ...ThemeName[]];

/** The probability of histories without a theme. */
const EVEN_PART = 0.25;
const SUBSET_PART = 0.25;
const THEME_WEIGHT = 6;

/** A frequency for each kind of step. */
type Weights = ReadonlyMap<StepKind, number>;

function drawWeights(random: Random, enabled: readonly StepKind[], theme: Theme | undefined): Weights {
  if (theme) {
    const weightIn = (kind: StepKind) =>
      theme.steps.includes(kind) ? THEME_WEIGHT * theme.steps.filter((each) => each === kind).length : rules[kind].weight / 4;
    const known = enabled.filter((kind) => COMMON.includes(kind) || theme.steps.includes(kind));
    return new Map(known.map((kind) => [kind, weightIn(kind)]));
  }
  if (random() < EVEN_PART / (EVEN_PART + SUBSET_PART)) return new Map(enabled.map((kind) => [kind, rules[kind].weight]));
  const chosen = enabled.filter((kind) => random() < 0.35 || COMMON.includes(kind));
  return new Map(chosen.map((kind) => [kind, rules[kind].weight * pick(random, [1, 1, 2, 6])]));
}

const WAITS_MS = [0, 0, 300, 1_500, 5_000] as const;
const LATENCIES_MS = [0, 0, 0, 300, 3_000, 20_000] as const;

function drawKind(random: Random, weights: Weights): StepKind {
  let left = random() * [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'wait';
}

/** What the steps of one history are drawn from. */
interface Source {
  readonly weights: Weights;
  readonly pool: Pool;
  readonly accounts: number;
}

function drawStep(random: Random, { weights, pool, accounts }: Source): Step {
  const kind = drawKind(random, weights);
  const rule: Rule = rules[kind];
  return { do: kind, ...(accounts > 1 && { a: upTo(random, accounts) }), ...rule.fill?.(random, pool), waitMs: pick(random, WAITS_MS) };
}

function drawCircumstances(random: Random, { twoAccounts, skew }: Pick<Enabled, 'twoAccounts' | 'skew'>, theme?: Theme): Circumstances {
  const accounts = theme?.accounts ?? (twoAccounts && random() < 0.3 ? 2 : 1);
  const processes = theme?.processes ?? (random() < 0.3 ? 2 : 1);
  return {
    accounts,
    isKeyShared: theme?.accounts === 2 || random() < 0.7,
    processes,
    skewsMs: Array.from({ length: processes }, () => (skew && random() < 0.4 ? Math.round((random() - 0.5) * 600_000) : 0)),
    contacts: theme?.contacts ?? (random() < 0.3 ? 14 + upTo(random, 6) : upTo(random, 5)),
    latencyMs: theme?.latencyMs ?? pick(random, LATENCIES_MS),
    isPrompt: theme?.isPrompt ?? false,
    switches: {
      'kommo.hook_hold': random() < 0.6,
      'unisender.hook_hold': random() < 0.6,
      'unisender.added_at': random() < 0.2 ? 'absent' : 'present',
      'unisender.clock_offset_seconds': random() < 0.2 ? Math.round((random() - 0.5) * 300) : 0,
      'kommo.trashed_visible': pick(random, ['hidden', 'hidden', 'by_id', 'everywhere']),
      'unisender.count_unknown_deletes': random() < 0.5,
      'unisender.empty_cell': random() < 0.7 ? 'clears' : 'keeps',
      'unisender.event_list_ids': pick(random, ['by_meaning', 'by_meaning', 'absent', 'mixed']),
      'unisender.import_fires_hooks': random() < 0.3,
      'kommo.add_followed_by_update': random() < 0.2,
      ...theme?.switches,
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
/** The addresses in `company.ts`. */
const ACCEPTED: Pool = [0, 1, 2, 3, 8, 9, 10];
const ADDRESSES: Pool = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

/** Some addresses of few: those that Unisender accepts. */
const drawPool = (random: Random, size: number): Pool => [
  pick(random, ACCEPTED),
  ...Array.from({ length: size - 1 }, () => pick(random, ACCEPTED)),
];

/** Draws a history, of one theme if it is given. */
export function drawHistory(seed: number, random: Random, enabled: Enabled, name?: ThemeName): History {
  const isThemed = random() >= EVEN_PART + SUBSET_PART;
  const drawn = pick(random, themeNames);
  const theme: Theme | undefined = name ? themes[name] : isThemed ? themes[drawn] : undefined;
  const circumstances = drawCircumstances(random, enabled, theme);
  const pool = theme?.pool === undefined ? ADDRESSES : drawPool(random, theme.pool);
  const source = { weights: drawWeights(random, enabled.steps, theme), pool, accounts: circumstances.accounts };
  const count = MIN_STEPS + upTo(random, MORE_STEPS);
  return { seed, circumstances, steps: Array.from({ length: count }, () => drawStep(random, source)) };
}
