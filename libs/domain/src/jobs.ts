import { InvalidInputError } from './errors.js';
import { isRecord, toPositiveInteger } from './unknown-value.js';

/** The payload of each tube's jobs. Never a token, a key or an e-mail address. */
export interface JobPayloads {
  /** The account has waiting events. */
  readonly contacts: { readonly account_id: number };
  /** Continues the run. */
  readonly imports: { readonly run_id: string; readonly account_id: number };
  /** Renews the token pairs of these accounts, except those renewed since `asked_at` (epoch milliseconds): the job is safe to repeat. */
  readonly accesses: { readonly account_ids: readonly number[]; readonly asked_at?: number };
  /** The account has unsubscribes to write back to Kommo. */
  readonly 'write-backs': { readonly account_id: number };
  /** The predecessor's demonstration: prints the time. */
  readonly times: { readonly time: string };
}

/** The queue of one kind of job; "tube" is the word of beanstalkd. */
export type Tube = keyof JobPayloads;
/** The payload of that tube's jobs. */
export type JobPayload<T extends Tube> = JobPayloads[T];
/** A job with its tube. */
export type Job = { readonly [T in Tube]: { readonly tube: T; readonly payload: JobPayloads[T] } }[Tube];

/** How jobs of one tube are put and read. */
interface JobKind<Payload> {
  /** As in beanstalkd: 0 is the most urgent. */
  readonly priority: number;
  /** Time-to-run: the server gives the job to another worker when its worker has not touched it for this time. */
  readonly ttrSeconds: number;
  parse(body: unknown): Payload;
}

const RUN_ID = /^[0-9a-f-]{1,36}$/i;

function invalid(field: string, problem: string): never {
  throw InvalidInputError.ofFields([{ field, problem }], { code: 'invalid_job' });
}

const fieldOf = (body: unknown, name: string): unknown => (isRecord(body) && Object.hasOwn(body, name) ? body[name] : undefined);

const readAccountId = (value: unknown, field: string): number => toPositiveInteger(value) ?? invalid(field, 'must be an account id');

function readText(body: unknown, field: string, form: RegExp): string {
  const value = fieldOf(body, field);
  return typeof value === 'string' && form.test(value) ? value : invalid(field, 'is missing or malformed');
}

/** Accepts a bare array of ids too: the predecessor's form. */
function readAccountIds(body: unknown): readonly number[] {
  const ids = Array.isArray(body) ? body : fieldOf(body, 'account_ids');
  if (!Array.isArray(ids)) return invalid('account_ids', 'must be a list of account ids');
  return ids.map((id, index) => readAccountId(id, `account_ids[${index}]`));
}

const readAccount = (body: unknown): { readonly account_id: number } => ({
  account_id: readAccountId(fieldOf(body, 'account_id'), 'account_id'),
});

function readAskedAt(body: unknown): { readonly asked_at?: number } {
  const askedAt = fieldOf(body, 'asked_at');
  if (askedAt === undefined) return {};
  return { asked_at: toPositiveInteger(askedAt) ?? invalid('asked_at', 'must be a time in epoch milliseconds') };
}

/**
 * The only place that states a tube's priority and time-to-run: producers put jobs with them, and a tube worker's decorator must
 * repeat the time-to-run.
 */
const catalogue = {
  contacts: {
    priority: 1_000,
    ttrSeconds: 120,
    parse: readAccount,
  },
  imports: {
    priority: 2_000,
    ttrSeconds: 120,
    parse: (body) => ({ run_id: readText(body, 'run_id', RUN_ID), ...readAccount(body) }),
  },
  accesses: { priority: 500, ttrSeconds: 300, parse: (body) => ({ account_ids: readAccountIds(body), ...readAskedAt(body) }) },
  'write-backs': {
    priority: 1_500,
    ttrSeconds: 120,
    parse: readAccount,
  },
  times: { priority: 1_000, ttrSeconds: 60, parse: (body) => ({ time: readText(body, 'time', /^[\x20-\x7e]{1,64}$/) }) },
} as const satisfies { readonly [T in Tube]: JobKind<JobPayloads[T]> };

const kinds: { readonly [T in Tube]: JobKind<JobPayloads[T]> } = catalogue;

/** The tube's time-to-run in the catalogue, as a literal type: another number does not compile. */
export type TtrSeconds<T extends Tube> = (typeof catalogue)[T]['ttrSeconds'];

/** Every tube of the catalogue. */
export const tubes = Object.keys(catalogue) as readonly Tube[];

/** The priority and the time-to-run with which jobs of the tube are put. */
export const jobKindOf = (tube: Tube): { readonly priority: number; readonly ttrSeconds: number } => kinds[tube];

/** Validates a job's decoded body. Throws InvalidInputError `invalid_job` that names the field. */
export const parseJobPayload = <T extends Tube>(tube: T, body: unknown): JobPayload<T> => kinds[tube].parse(body);

/** The account of the job, or undefined. Jobs of one account go to one server while that server is available. */
export function accountIdOf(job: Job): number | undefined {
  return 'account_id' in job.payload ? job.payload.account_id : undefined;
}
