import { itemsOf, textOf, type FormTree } from '../http/form.js';
import type { IncomingCall } from '../http/message.js';
import type { UnisenderAccount } from './account.js';
import { invalidArgument } from './responses.js';

/** One call of a method, with its arguments from query or body. */
export class MethodCall {
  constructor(
    readonly account: UnisenderAccount,
    readonly args: FormTree,
    readonly http: IncomingCall,
    readonly nowSeconds: number,
  ) {}

  /** An argument. Undefined when it is absent or an array. */
  text(name: string): string | undefined {
    return textOf(this.args, name);
  }

  /** An argument that must not be empty. */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw invalidArgument(`Argument '${name}' is required`);
    return value;
  }

  /** True when the argument is 1. */
  flag(name: string): boolean {
    return this.text(name) === '1';
  }

  /** A numeric argument that must be present. */
  requiredId(name: string): number {
    const id = Number(this.requiredText(name));
    if (!Number.isSafeInteger(id)) throw invalidArgument(`Argument '${name}' must be a number`);
    return id;
  }

  /** An argument with ids such as `1,2,3`. */
  ids(name: string): number[] {
    return parseIds(this.text(name) ?? '');
  }

  /** The items of an array argument. */
  texts(name: string): string[] {
    return itemsOf(this.args, name).filter((item) => typeof item === 'string');
  }
}

/** Parses `1,2,3` or `1, 2, 3`. */
export function parseIds(text: string): number[] {
  return parseWords(text).map(Number).filter(Number.isSafeInteger);
}

/** Splits a text at commas and trims the parts. */
export function parseWords(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Runs a method. Returns the `result` of the response. */
export type Method = (call: MethodCall) => unknown;

/** The result of a method that returns nothing. */
export const nothing = Symbol('nothing');
