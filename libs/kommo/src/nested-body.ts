import type { UnknownRecord } from '#domain';

type Node = Record<string, unknown>;

const FLAT_KEY = /^[^[\]]+(\[[^[\]]*\])+$/;
const MAX_DEPTH = 12;

/** Without a prototype: `__proto__` is a key like any other in it. */
const createNode = (): Node => Object.create(null) as Node;

function childOf(node: Node, key: string): Node {
  const child = node[key];
  if (typeof child === 'object' && child !== null) return child as Node;
  const created = createNode();
  node[key] = created;
  return created;
}

function put(root: Node, flatKey: string, value: unknown): void {
  const path = flatKey.replaceAll(']', '').split('[').slice(0, MAX_DEPTH);
  const last = path.pop() ?? '';
  const parent = path.reduce(childOf, root);
  parent[last] = value;
}

/** Unfolds keys such as `contacts[add][0][id]`, as some relays of hooks send them in JSON; a nested body is returned as it is. */
export function toNested(body: UnknownRecord): UnknownRecord {
  const entries = Object.entries(body);
  if (!entries.some(([key]) => FLAT_KEY.test(key))) return body;
  const root = createNode();
  for (const [key, value] of entries) {
    if (FLAT_KEY.test(key)) put(root, key, value);
    else root[key] = value;
  }
  return root;
}
