import { type BodyLimits, type BodyObject, bodyTooComplex, type BodyValue, defaultBodyLimits, EmptyObject } from './body-limits.js';
import { type FormKey, FormKeys, NO_PARENT } from './form-keys.js';
import { decodeFormText, visitFormPairs } from './form-pairs.js';

/** Bounds the memory of a form whose every key has a path of its own. */
const BRANCHES_PER_KEY = 2;

const INDEX = /^(0|[1-9]\d{0,8})$/;

/** A branch with index names out of order, or mixed with other names. A high index takes no memory for a hole. */
class MixedBranch {
  readonly nodes = new EmptyObject() as ObjectBranch;
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
    this.nodes[name] = node;
  }

  toValue(maxListIndex: number): BodyValue {
    const entries = Object.entries(this.nodes);
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

/** A second value of the same name makes a list. */
function joined(present: Node | undefined, value: string): Node {
  if (!Array.isArray(present)) return typeof present === 'string' ? [present, value] : value;
  present.push(value);
  return present;
}

/** Builds the tree of a form, one pair after the other. */
class FormBuilder {
  private readonly root = new EmptyObject() as ObjectBranch;
  private hasMixed = false;
  private keys = 0;
  private createdBranches = 0;
  /** The object that took the last value, and the parent of that value's key. */
  private lastObject: ObjectBranch = this.root;
  private lastParent = NO_PARENT;

  constructor(
    private readonly limits: BodyLimits,
    private readonly formKeys: FormKeys,
  ) {}

  /** Takes a pair as it was sent. */
  add(rawKey: string, rawValue: string): void {
    this.keys += 1;
    if (this.keys > this.limits.maxKeys) throw bodyTooComplex(`it has more than ${this.limits.maxKeys} keys`);
    const value = decodeFormText(rawValue);
    const key = this.formKeys.read(rawKey, this.limits.maxDepth, this.keys);
    if (key.isDangerous) return;
    // Most keys of a webhook lead to the same object as the key before.
    if (key.parent === NO_PARENT || key.parent !== this.lastParent) this.addPath(key, value);
    else this.lastObject[key.name] = joined(this.lastObject[key.name], value);
  }

  finish(): BodyObject {
    if (this.hasMixed) fill(this.root as BodyObject, Object.entries(this.root), this.limits.maxListIndex);
    return this.root as BodyObject;
  }

  private addPath({ path, name, parent }: FormKey, value: string): void {
    let branch: Branch = this.root;
    for (let level = 1; level < path.length; level += 1) {
      branch = this.descend(branch, path[level - 1] ?? '', path[level] ?? '');
    }
    const slot = this.slotOf(branch, name);
    this.write(branch, slot, joined(this.read(branch, slot), value));
    const isObject = !Array.isArray(branch) && !(branch instanceof MixedBranch);
    this.lastParent = isObject ? parent : NO_PARENT;
    if (isObject) this.lastObject = branch as ObjectBranch;
  }

  /** Returns the branch below `name`, in a form that can hold `childName`. A branch replaces a plain value of the same name. */
  private descend(parent: Branch, name: string, childName: string): Branch {
    const slot = this.slotOf(parent, name);
    const present = this.read(parent, slot);
    const branch = present === undefined || typeof present === 'string' ? this.create(childName) : this.fitting(present, childName);
    if (branch instanceof MixedBranch) this.hasMixed = true;
    if (branch !== present) this.write(parent, slot, branch);
    return branch;
  }

  private create(firstName: string): Branch {
    this.createdBranches += 1;
    const most = this.limits.maxKeys * BRANCHES_PER_KEY;
    if (this.createdBranches > most) throw bodyTooComplex(`it has more than ${most} lists and objects`);
    return newBranch(firstName);
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
    return branch instanceof MixedBranch ? branch.nodes[slot] : branch[slot];
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
 * with their values. Forms that mostly have the same keys are read faster with common `keys`.
 *
 * Throws InvalidInputError: `bad_body` for a broken escape or bytes that are not UTF-8, `body_too_complex` above the limits.
 */
export function parseFormBody(
  body: Uint8Array | string,
  limits: BodyLimits = defaultBodyLimits,
  keys: FormKeys = new FormKeys(),
): BodyObject {
  const builder = new FormBuilder(limits, keys);
  visitFormPairs(body, (key, value) => builder.add(key, value));
  return builder.finish();
}
