import { itemsOf, textOf, type FormTree } from '../http/form.js';
import type { IncomingCall } from '../http/message.js';
import type { UnisenderAccount } from './account.js';
import { invalidArgument } from './replies.js';

/** One call of a method with its arguments, wherever they stood. */
export class MethodCall {
  constructor(
    readonly account: UnisenderAccount,
    readonly args: FormTree,
    readonly http: IncomingCall,
    readonly nowSeconds: number,
  ) {}

  text(name: string): string | undefined {
    return textOf(this.args, name);
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw invalidArgument(`Argument '${name}' is required`);
    return value;
  }

  flag(name: string): boolean {
    return this.text(name) === '1';
  }

  requiredId(name: string): number {
    const id = Number(this.requiredText(name));
    if (!Number.isSafeInteger(id)) throw invalidArgument(`Argument '${name}' must be a number`);
    return id;
  }

  ids(name: string): number[] {
    return idsIn(this.text(name) ?? '');
  }

  texts(name: string): string[] {
    return itemsOf(this.args, name).filter((item) => typeof item === 'string');
  }
}

/** Reads `1,2,3` or `1, 2, 3`. */
export function idsIn(text: string): number[] {
  return wordsIn(text).map(Number).filter(Number.isSafeInteger);
}

export function wordsIn(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** What a method returns: `result` of the envelope. */
export type Method = (call: MethodCall) => unknown;

/** Marks a method that returns nothing. */
export const nothing = Symbol('nothing');
