import { randomUUID } from 'node:crypto';
import { ControlError } from './control-error.js';
import { htmlResponse, movedResponse, textResponse, type Breakage, type IncomingCall, type HttpResponse } from './http/message.js';
import { kommoProblem, tooManyRequests } from './kommo/problems.js';
import type { Random } from './random.js';
import type { Target } from './call-log.js';
import type { Switches } from './switches.js';
import { failure } from './unisender/responses.js';

const kommoKinds = ['429', '500', '502', '503', '504', '403html', '402', '401', '413', '301', 'empty'] as const;
const breakages = { timeout: 'hang', reset: 'reset', half_body: 'half', late: 'reset' } as const satisfies Record<string, Breakage>;

/** An ordered fault. */
export interface Fault {
  readonly id: number;
  readonly target: Target;
  /** A part of `METHOD host/path?query`. */
  readonly match: string;
  readonly kind: string;
  /** Where a 301 leads. */
  readonly location?: string;
  readonly applied: 'before' | 'after';
  readonly probability: number;
  timesLeft: number | null;
  hits: number;
}

/** Keeps the faults that the control API ordered, and creates their responses. */
export class FaultInjector {
  private faults: Fault[] = [];
  private lastId = 0;

  constructor(
    private readonly random: Random,
    private readonly switches: Switches,
  ) {}

  /** Adds a fault. Throws ControlError for invalid input. */
  add(input: Readonly<Record<string, unknown>>): Fault {
    const fault = readFault(++this.lastId, input);
    this.faults.push(fault);
    return fault;
  }

  /** All faults, oldest first. */
  list(): readonly Fault[] {
    return this.faults;
  }

  /** Removes one fault, or all. */
  clear(id?: number): void {
    this.faults = id === undefined ? [] : this.faults.filter((fault) => fault.id !== id);
  }

  /** Finds the first fault that applies to this call, and counts the hit. */
  take(target: Target, call: IncomingCall): Fault | undefined {
    const line = `${call.method} ${call.host}${call.path}?${call.query}`;
    const fault = this.faults.find((candidate) => this.applies(candidate, target, line));
    if (!fault) return undefined;
    fault.hits += 1;
    if (fault.timesLeft !== null) fault.timesLeft -= 1;
    return fault;
  }

  /** Creates the response that replaces the real one. */
  toResponse(fault: Fault, real: HttpResponse | undefined): HttpResponse {
    if (fault.kind in breakages) {
      const breakage = breakages[fault.kind as keyof typeof breakages];
      return { ...(real ?? halfOf(fault.target)), breakage };
    }
    return fault.target === 'kommo' ? this.kommoResponse(fault) : unisenderResponse(fault.kind);
  }

  private applies(fault: Fault, target: Target, line: string): boolean {
    if (fault.target !== target || fault.timesLeft === 0 || !line.includes(fault.match)) return false;
    return fault.probability >= 1 || this.random() < fault.probability;
  }

  private kommoResponse({ kind, location = '' }: Fault): HttpResponse {
    if (kind === '301') return movedResponse(location);
    if (kind === '429') return tooManyRequests(this.switches);
    return commonResponse(kind) ?? kommoProblem(Number(kind));
  }
}

function commonResponse(kind: string): HttpResponse | undefined {
  if (kind === 'empty') return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '' };
  if (kind === '403html')
    return htmlResponse('<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>', 403);
  const gateway = { '502': 'Bad Gateway', '503': 'Service Temporarily Unavailable', '504': 'Gateway Time-out' }[kind];
  if (gateway === undefined) return undefined;
  return htmlResponse(
    `<html><head><title>${kind} ${gateway}</title></head><body><center><h1>${kind} ${gateway}</h1></center></body></html>`,
    Number(kind),
  );
}

function unisenderResponse(kind: string): HttpResponse {
  const common = commonResponse(kind);
  if (common) return common;
  const status = Number(kind);
  if (Number.isInteger(status)) return textResponse(status === 429 ? 'Too Many Requests' : `Error ${status} ${randomUUID()}`, status);
  return failure(kind, `SB000000-01 [Injected ${kind}]`);
}

function halfOf(target: Target): HttpResponse {
  const body = target === 'kommo' ? '{"_page":1,"_links":{"self":{"href":"https:' : '{"result":{"total":1,"inserted":';
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

function readFault(id: number, input: Readonly<Record<string, unknown>>): Fault {
  const { target, kind, match = '', times = null, probability = 1, applied = 'before', location } = input;
  if (target !== 'kommo' && target !== 'unisender') throw new ControlError('target must be kommo or unisender');
  if (typeof match !== 'string') throw new ControlError('match must be a text: a part of "METHOD host/path?query"');
  if (times !== null && (!Number.isInteger(times) || Number(times) < 1)) throw new ControlError('times must be an integer, 1 or more');
  if (typeof probability !== 'number' || !(probability > 0 && probability <= 1)) throw new ControlError('probability must be in (0, 1]');
  if (applied !== 'before' && applied !== 'after') throw new ControlError('applied must be before or after');
  if (location !== undefined && typeof location !== 'string') throw new ControlError('location must be a URL');
  const where = location === undefined ? {} : { location };
  return { id, target, match, kind: readKind(target, kind), ...where, applied, probability, timesLeft: times as number | null, hits: 0 };
}

function readKind(target: Target, kind: unknown): string {
  const text = typeof kind === 'number' ? String(kind) : kind;
  if (typeof text !== 'string' || text === '') throw new ControlError('kind is required');
  const known = text in breakages || kommoKinds.some((option) => option === text);
  const unisenderCode = target === 'unisender' && /^[a-z][a-z_]*$/.test(text);
  if (known || unisenderCode) return text;
  const codes = target === 'unisender' ? ' or a Unisender error code' : '';
  throw new ControlError(`kind must be one of ${[...kommoKinds, ...Object.keys(breakages)].join(', ')}${codes}`);
}
