import { InvalidInputError } from './errors.js';
import { isRecord, toPositiveInteger } from './unknown-value.js';

/** What a job of each tube carries. Never a token, a key or an e-mail. */
export interface JobPayloads {
  /** The account has events waiting. */
  readonly contacts: { readonly account_id: number };
  /** The run is to be carried on. */
  readonly imports: { readonly run_id: string; readonly account_id: number };
  /** The token pairs of these accounts are to be renewed, unless that was done since `asked_at` (epoch milliseconds): such a job may come twice. */
  readonly accesses: { readonly account_ids: readonly number[]; readonly asked_at?: number };
  /** The account has unsubscribes to tell Kommo. */
  readonly 'write-backs': { readonly account_id: number };
  /** The predecessor's demonstration. */
  readonly times: { readonly time: string };
}

/** Where jobs of one kind wait. */
export type Tube = keyof JobPayloads;
/** What a job of that tube carries. */
export type JobPayload<T extends Tube> = JobPayloads[T];
/** A job with its tube. */
export type Job = { readonly [T in Tube]: { readonly tube: T; readonly payload: JobPayloads[T] } }[Tube];

interface JobKind<Payload> {
  /** beanstalkd's: 0 is the most urgent. */
  readonly priority: number;
  /** How long a worker may go without a sign of life before the queue gives the job to another. */
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

/** A bare array of ids is the predecessor's form. */
function readAccountIds(body: unknown): readonly number[] {
  const ids = Array.isArray(body) ? body : fieldOf(body, 'account_ids');
  if (!Array.isArray(ids)) return invalid('account_ids', 'must be a list of account ids');
  return ids.map((id, index) => readAccountId(id, `account_ids[${index}]`));
}

function readAskedAt(body: unknown): { readonly asked_at?: number } {
  const askedAt = fieldOf(body, 'asked_at');
  if (askedAt === undefined) return {};
  return { asked_at: toPositiveInteger(askedAt) ?? invalid('asked_at', 'must be a time in milliseconds') };
}

const catalogue: { readonly [T in Tube]: JobKind<JobPayloads[T]> } = {
  contacts: {
    priority: 1_000,
    ttrSeconds: 120,
    parse: (body) => ({ account_id: readAccountId(fieldOf(body, 'account_id'), 'account_id') }),
  },
  imports: {
    priority: 2_000,
    ttrSeconds: 120,
    parse: (body) => ({ run_id: readText(body, 'run_id', RUN_ID), account_id: readAccountId(fieldOf(body, 'account_id'), 'account_id') }),
  },
  accesses: { priority: 500, ttrSeconds: 300, parse: (body) => ({ account_ids: readAccountIds(body), ...readAskedAt(body) }) },
  'write-backs': {
    priority: 1_500,
    ttrSeconds: 120,
    parse: (body) => ({ account_id: readAccountId(fieldOf(body, 'account_id'), 'account_id') }),
  },
  times: { priority: 1_000, ttrSeconds: 60, parse: (body) => ({ time: readText(body, 'time', /^[\x20-\x7e]{1,64}$/) }) },
};

/** Every tube there is. */
export const tubes = Object.keys(catalogue) as readonly Tube[];

/** How jobs of a tube are queued. */
export const jobKindOf = (tube: Tube): { readonly priority: number; readonly ttrSeconds: number } => catalogue[tube];

/** Reads a job's decoded body. Throws InvalidInputError `invalid_job` that names the field. */
export const parseJobPayload = <T extends Tube>(tube: T, body: unknown): JobPayload<T> => catalogue[tube].parse(body);

/** Whose job it is: jobs of one account go to one server while it lives. */
export function accountIdOf(job: Job): number | undefined {
  return 'account_id' in job.payload ? job.payload.account_id : undefined;
}
