import type { UnknownRecord } from '#domain';

type Node = Record<string, unknown>;

const FLAT_KEY = /^[^[\]]+(\[[^[\]]*\])+$/;
const MAX_DEPTH = 12;

/** An object without a prototype: `__proto__` is an ordinary key in it. */
const createNode = (): Node => Object.create(null) as Node;

function childOf(node: Node, key: string): Node {
  const child = node[key];
  if (typeof child === 'object' && child !== null) return child as Node;
  const created = createNode();
  node[key] = created;
  return created;
}

function setAt(root: Node, flatKey: string, value: unknown): void {
  const path = flatKey.replaceAll(']', '').split('[').slice(0, MAX_DEPTH);
  const last = path.pop() ?? '';
  const parent = path.reduce(childOf, root);
  parent[last] = value;
}

/**
 * Converts flat keys such as `contacts[add][0][id]` to nested objects; some relays of hooks send them in JSON. Returns a nested
 * body unchanged.
 */
export function toNested(body: UnknownRecord): UnknownRecord {
  const entries = Object.entries(body);
  if (!entries.some(([key]) => FLAT_KEY.test(key))) return body;
  const root = createNode();
  for (const [key, value] of entries) {
    if (FLAT_KEY.test(key)) setAt(root, key, value);
    else root[key] = value;
  }
  return root;
}
