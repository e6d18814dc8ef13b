import { ControlError } from '../control-error.js';
import type { IncomingCall, HttpResponse } from '../http/message.js';
import type { PathParams } from '../http/router.js';

type Fields = Readonly<Record<string, unknown>>;

/** A request to the control API. Its methods throw ControlError for invalid input. */
export class ControlRequest {
  readonly query: URLSearchParams;

  constructor(
    readonly call: IncomingCall,
    readonly params: PathParams,
  ) {
    this.query = new URLSearchParams(call.query);
  }

  /** The JSON body. An empty body is `{}`. */
  json(): unknown {
    if (this.call.body.length === 0) return {};
    try {
      return JSON.parse(this.call.body.toString('utf8')) as unknown;
    } catch {
      throw new ControlError('the body is not JSON');
    }
  }

  /** The body as a JSON object. */
  input(): Input {
    return new Input(this.json());
  }

  /** The value of a `:name` segment of the path. */
  param(name: string): string {
    return this.params[name] ?? '';
  }

  /** A number of the query. Undefined when absent or empty. */
  queryNumber(name: string): number | undefined {
    const text = this.query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new ControlError(`${name} must be a number`);
    return value;
  }
}

/** Reads the members of a JSON object by type. Its methods throw ControlError for a wrong type. */
export class Input {
  readonly fields: Fields;

  constructor(
    value: unknown,
    private readonly where = 'the body',
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ControlError(`${where} must be a JSON object`);
    this.fields = value as Fields;
  }

  /** A required text that is not empty. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === '') throw new ControlError(`${name} is required (${this.where})`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new ControlError(`${name} must be a text (${this.where})`);
    return value;
  }

  optionalInteger(name: string): number | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (!Number.isSafeInteger(value)) throw new ControlError(`${name} must be an integer (${this.where})`);
    return value as number;
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'boolean') throw new ControlError(`${name} must be true or false (${this.where})`);
    return value;
  }

  optionalList(name: string): readonly unknown[] | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw new ControlError(`${name} must be a list (${this.where})`);
    return value as unknown[];
  }

  /** One of the options; `initial` when absent. */
  choice<T extends string>(name: string, options: readonly T[], initial: T): T {
    const value = this.optionalText(name) ?? initial;
    const option = options.find((candidate) => candidate === value);
    if (option === undefined) throw new ControlError(`${name} must be one of ${options.join(', ')} (${this.where})`);
    return option;
  }

  /** Throws for an unknown member. Otherwise a misspelt name would be ignored silently. */
  allowOnly(...names: readonly string[]): this {
    const unknown = Object.keys(this.fields).filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new ControlError(`unknown ${unknown.join(', ')} (${this.where}); known: ${names.join(', ')}`);
    return this;
  }
}

/** Handles a request to the control API. */
export type ControlHandler = (request: ControlRequest) => HttpResponse | Promise<HttpResponse>;
