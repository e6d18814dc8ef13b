import { type Random, pick } from '../../../apps/sandbox/src/random.js';
import type { SandboxControl } from '../../support/sandbox-control.js';

type Kinds = readonly [string, ...string[]];

/** Faults after which the service goes on by itself. */
const KOMMO: Kinds = ['500', '502', '503', '504', '413', 'empty', 'reset', 'half_body', 'timeout', '429', '403html', '402'];
const UNISENDER: Kinds = [
  'retry_later',
  'unspecified',
  'invalid_arg',
  '413',
  '429',
  '500',
  '503',
  'empty',
  'reset',
  'half_body',
  'late',
  'timeout',
  'access_denied',
  'not_enough_money',
  'api_call_limit_exceeded_for_api_key',
  'api_call_limit_exceeded_for_ip',
];
const KOMMO_CALLS: Kinds = ['GET', 'filter', 'page=', 'PATCH', 'contacts'];
const UNISENDER_CALLS: Kinds = [
  'importContacts',
  'exclude',
  'getContact',
  'exportContacts',
  'getTaskResult',
  'getLists',
  'unisender-files',
];

/** Lies, delays and disorder of the vendors: the first option of each is the truth. */
const SWITCHES: Readonly<Record<string, readonly [unknown, ...unknown[]]>> = {
  'kommo.hook_duplicates': [0, 1, 2],
  'kommo.hook_delay_ms': [0, 500, 3_000],
  'kommo.hook_without_type': [false, true],
  'kommo.empty_reads': [false, true],
  'kommo.trashed_visible': ['hidden', 'by_id'],
  'unisender.import_sums': ['true', 'short_total', 'no_log', 'no_sums', 'no_invalid'],
  'unisender.clock_offset_seconds': [0, -300, 300],
  'unisender.hook_duplicates': [0, 2],
  'unisender.import_fires_hooks': [false, true],
  'unisender.export_task': ['file', 'no_file', 'unknown_status'],
  'unisender.export_file': ['csv', 'bom', 'html', 'json', 'zip', 'cut', 'empty'],
  'unisender.export_fails': [false, true],
  'unisender.max_body_bytes': [0, 4_000],
  'unisender.delay_ms': [0, 200],
};

const MAX_FAULTS = 4;
const LIE_SHARE = 0.15;

/** Orders the faults and lies of one moment, by chance, in the place of the last ones. */
export class RandomFaults {
  /** How many faults of each kind were ordered. */
  readonly counts = new Map<string, number>();

  constructor(
    private readonly control: SandboxControl,
    private readonly random: Random,
  ) {}

  /** Replaces all faults and switches. */
  async change(): Promise<void> {
    await this.control.clearFaults();
    const faults = Math.floor(this.random() * (MAX_FAULTS + 1));
    for (let count = 0; count < faults; count += 1) await this.add();
    await this.control.set(this.chooseSwitches());
    if (this.random() < 0.3) await this.control.post('/faults/late');
  }

  /** Ends every fault and lie, applies the calls that are late, and sends the hooks that wait. */
  async heal(): Promise<void> {
    await this.control.clearFaults();
    await this.control.set(Object.fromEntries(Object.entries(SWITCHES).map(([name, [truth]]) => [name, truth])));
    await this.control.post('/faults/late');
    await this.control.post('/kommo/unblock');
    await this.control.post('/kommo/hooks/lose', { count: 0 });
    await this.control.post('/kommo/hooks/flush');
    await this.control.post('/unisender/hooks/flush');
  }

  private async add(): Promise<void> {
    const target = pick(this.random, ['kommo', 'unisender'] as const);
    const kind = pick(this.random, target === 'kommo' ? KOMMO : UNISENDER);
    const match = pick(this.random, target === 'kommo' ? KOMMO_CALLS : UNISENDER_CALLS);
    const applied = pick(this.random, ['before', 'after'] as const);
    const probability = 0.05 + this.random() * 0.5;
    await this.control.post('/faults', { target, kind, match, applied, probability });
    const name = `${target} ${kind}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  private chooseSwitches(): Record<string, unknown> {
    const choose = ([truth, ...lies]: readonly unknown[]) =>
      this.random() < LIE_SHARE ? (lies[Math.floor(this.random() * lies.length)] ?? truth) : truth;
    return Object.fromEntries(Object.entries(SWITCHES).map(([name, options]) => [name, choose(options)]));
  }
}
