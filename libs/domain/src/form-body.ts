import type { ErrorCode } from './error-registry.js';
import { InvalidInputError } from './errors.js';

/** A value in a request body of any format. */
export type BodyValue = string | number | boolean | null | BodyValue[] | BodyObject;

/** An object of a request body. It has no prototype: any name that was not sent is undefined. */
export interface BodyObject {
  [name: string]: BodyValue;
}

/** The limits above which a body is refused. */
export interface BodyLimits {
  /** Values in a form; names and list items in a JSON text. */
  readonly maxKeys: number;
  /** Brackets in one form key; nesting of a JSON text. Kommo's webhooks need 7 (reference/kommo.md 5.2). */
  readonly maxDepth: number;
  /** A list with a higher index becomes an object with index keys. */
  readonly maxListIndex: number;
}

/** Enough for the largest webhook of Kommo. */
export const defaultBodyLimits: BodyLimits = { maxKeys: 20_000, maxDepth: 12, maxListIndex: 1_000 };

/** Whether code that merges or looks up carelessly would reach a prototype by this name. Such names are dropped. */
export const isDangerousName = (name: string): boolean => name === '__proto__' || name === 'constructor' || name === 'prototype';

const badBody = (problem: string, code: ErrorCode<'invalid'>, cause?: unknown) =>
  new InvalidInputError(`The body cannot be read: ${problem}`, { code, cause, fields: [{ field: 'body', problem }] });

/** Returns the error for a body that breaks the rules of its format. */
export const malformedBody = (problem: string, cause?: unknown) => badBody(problem, 'bad_body', cause);

/** Returns the error for a body above the limits. */
export const bodyTooComplex = (problem: string) => badBody(problem, 'body_too_complex');

/** Returns the body as text. Throws InvalidInputError `bad_body` when it is not UTF-8. */
export function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformedBody('it is not UTF-8', cause);
  }
}

const BROKEN_ESCAPE = /%(?![0-9a-fA-F]{2})/;
const ESCAPES = /(?:%[0-9a-fA-F]{2})+/g;

/** Bytes that are not UTF-8, as of a name cut in the middle of a letter, become U+FFFD, so that the rest of a webhook is read. */
function decodeLeniently(text: string): string {
  if (BROKEN_ESCAPE.test(text)) throw malformedBody('a % is not followed by two hexadecimal digits');
  return text.replace(ESCAPES, (escapes) => {
    const bytes = new Uint8Array(escapes.length / 3);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(escapes.slice(i * 3 + 1, i * 3 + 3), 16);
    return new TextDecoder().decode(bytes);
  });
}

function decodeComponent(raw: string): string {
  const text = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeLeniently(text);
  }
}

/** `contacts[add][0][id]` → its four names. A key with unbalanced brackets is one plain name. */
function splitKey(key: string, maxDepth: number): string[] {
  let open = key.indexOf('[');
  if (open <= 0 || !key.endsWith(']')) return [key];
  const path = [key.slice(0, open)];
  while (open < key.length) {
    const close = key.indexOf(']', open);
    if (key[open] !== '[' || close < 0) return [key];
    if (path.length > maxDepth) throw bodyTooComplex(`a key has more than ${maxDepth} levels`);
    path.push(key.slice(open + 1, close));
    open = close + 1;
  }
  return path;
}

const INDEX = /^(0|[1-9]\d{0,8})$/;

/** Its objects inherit from a frozen empty object: as safe as `Object.create(null)`, and several times faster. */
const EmptyObject = function () {} as unknown as new () => BodyObject;
EmptyObject.prototype = Object.freeze(Object.create(null) as BodyObject);

/** A branch with index names out of order, or mixed with other names. A map, so that a high index takes no memory for a hole. */
class MixedBranch {
  readonly nodes = new Map<string, Node>();
  private nextIndex = 0;

  constructor(entries: Iterable<readonly [string, Node]>) {
    for (const [name, node] of entries) this.set(name, node);
  }

  /** Returns the name; for `[]`, one above the highest index. */
  resolve(name: string): string {
    return name === '' ? String(this.nextIndex) : name;
  }

  set(name: string, node: Node): void {
    if (INDEX.test(name)) this.nextIndex = Math.max(this.nextIndex, Number(name) + 1);
    this.nodes.set(name, node);
  }

  toValue(maxListIndex: number): BodyValue {
    const entries = [...this.nodes];
    const isList = entries.every(([name]) => INDEX.test(name) && Number(name) <= maxListIndex);
    if (!isList) return fill(new EmptyObject(), entries, maxListIndex);
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, node]) => toValue(node, maxListIndex));
  }
}

interface ObjectBranch {
  [name: string]: Node;
}
type ListBranch = Node[];
type Branch = ListBranch | MixedBranch | ObjectBranch;
type Node = string | Branch;

function fill(target: BodyObject, entries: Iterable<readonly [string, Node]>, maxListIndex: number): BodyObject {
  for (const [name, node] of entries) target[name] = toValue(node, maxListIndex);
  return target;
}

/** Replaces every mixed branch by a list or an object; all other nodes have their final form. */
function toValue(node: Node, maxListIndex: number): BodyValue {
  if (typeof node === 'string') return node;
  if (node instanceof MixedBranch) return node.toValue(maxListIndex);
  if (Array.isArray(node)) return node.map((item) => toValue(item, maxListIndex));
  return fill(node as BodyObject, Object.entries(node), maxListIndex);
}

const startsList = (name: string) => name === '' || name === '0';

function newBranch(firstName: string): Branch {
  if (startsList(firstName)) return [];
  return INDEX.test(firstName) ? new MixedBranch([]) : (new EmptyObject() as ObjectBranch);
}

class FormBuilder {
  private readonly root = new EmptyObject() as ObjectBranch;
  private hasMixed = false;

  constructor(private readonly limits: BodyLimits) {}

  add(key: string, value: string): void {
    const path = splitKey(key, this.limits.maxDepth);
    if (path.some(isDangerousName)) return;
    let branch: Branch = this.root;
    for (let level = 1; level < path.length; level += 1) {
      branch = this.descend(branch, path[level - 1] ?? '', path[level] ?? '');
    }
    this.setLeaf(branch, path.at(-1) ?? '', value);
  }

  finish(): BodyObject {
    if (this.hasMixed) fill(this.root as BodyObject, Object.entries(this.root), this.limits.maxListIndex);
    return this.root as BodyObject;
  }

  /** Returns the branch below `name`, in a form that can hold `childName`. A branch replaces a plain value of the same name. */
  private descend(parent: Branch, name: string, childName: string): Branch {
    const slot = this.slotOf(parent, name);
    const present = this.read(parent, slot);
    const branch = present === undefined || typeof present === 'string' ? newBranch(childName) : this.fitting(present, childName);
    if (branch instanceof MixedBranch) this.hasMixed = true;
    if (branch !== present) this.write(parent, slot, branch);
    return branch;
  }

  private setLeaf(branch: Branch, name: string, value: string): void {
    const slot = this.slotOf(branch, name);
    const present = this.read(branch, slot);
    if (Array.isArray(present)) present.push(value);
    else this.write(branch, slot, typeof present === 'string' ? [present, value] : value);
  }

  private fitting(branch: Branch, name: string): Branch {
    if (branch instanceof MixedBranch) return branch;
    if (!Array.isArray(branch)) return name === '' ? new MixedBranch(Object.entries(branch)) : branch;
    const isNext = name === '' || (INDEX.test(name) && Number(name) <= branch.length);
    return isNext ? branch : new MixedBranch(branch.map((node, index) => [String(index), node] as const));
  }

  private slotOf(branch: Branch, name: string): string {
    if (Array.isArray(branch)) return name === '' ? String(branch.length) : name;
    return branch instanceof MixedBranch ? branch.resolve(name) : name;
  }

  private read(branch: Branch, slot: string): Node | undefined {
    if (Array.isArray(branch)) return branch[Number(slot)];
    return branch instanceof MixedBranch ? branch.nodes.get(slot) : branch[slot];
  }

  private write(branch: Branch, slot: string, node: Node): void {
    if (Array.isArray(branch)) branch[Number(slot)] = node;
    else if (branch instanceof MixedBranch) branch.set(slot, node);
    else branch[slot] = node;
  }
}

/**
 * Reads an `application/x-www-form-urlencoded` text, a body or a query, as PHP writes it. Brackets nest, encoded or not. Indices make
 * lists without gaps; `[]` appends; a repeated plain name makes a list. Values are strings. Names that reach a prototype are dropped
 * with their values.
 *
 * Throws InvalidInputError: `bad_body` for a broken escape or bytes that are not UTF-8, `body_too_complex` above the limits.
 */
export function parseFormBody(body: Uint8Array | string, limits: BodyLimits = defaultBodyLimits): BodyObject {
  const text = typeof body === 'string' ? body : decodeBody(body);
  const builder = new FormBuilder(limits);
  let keys = 0;
  for (let start = 0; start < text.length;) {
    const ampersand = text.indexOf('&', start);
    const end = ampersand < 0 ? text.length : ampersand;
    const equals = text.indexOf('=', start);
    const keyEnd = equals < 0 || equals > end ? end : equals;
    if (keyEnd > start) {
      keys += 1;
      if (keys > limits.maxKeys) throw bodyTooComplex(`it has more than ${limits.maxKeys} keys`);
      builder.add(decodeComponent(text.slice(start, keyEnd)), decodeComponent(text.slice(keyEnd + 1, end)));
    }
    start = end + 1;
  }
  return builder.finish();
}
