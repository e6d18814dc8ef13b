import { isDangerousName, type UnknownRecord } from '#domain';

type Node = Record<string, unknown>;

const FLAT_KEY = /^[^[\]]+(\[[^[\]]*\])+$/;
const MAX_KEY_LENGTH = 1_000;
const MAX_DEPTH = 12;

const isFlatKey = (key: string): boolean => key.length <= MAX_KEY_LENGTH && FLAT_KEY.test(key);

/** An object without a prototype: an absent key is undefined, also `constructor` and the like. */
const createNode = (content?: object): Node => Object.assign(Object.create(null) as Node, content);

/** A list becomes an object with index keys: on a list, a key such as `length` would change more than one item. */
function childOf(node: Node, key: string): Node {
  const child = Object.hasOwn(node, key) ? node[key] : undefined;
  if (typeof child === 'object' && child !== null && !Array.isArray(child)) return child as Node;
  const created = createNode(Array.isArray(child) ? child : undefined);
  node[key] = created;
  return created;
}

function setAt(root: Node, flatKey: string, value: unknown): void {
  const path = flatKey.split('[', MAX_DEPTH).map((part, level) => (level === 0 ? part : part.slice(0, -1)));
  if (path.some(isDangerousName)) return;
  const last = path.pop() ?? '';
  const parent = path.reduce(childOf, root);
  parent[last] = value;
}

/**
 * Converts flat keys such as `contacts[add][0][id]` to nested objects; some relays of hooks send them in JSON. Drops the keys that
 * name a prototype. Returns a nested body unchanged.
 */
export function toNested(body: UnknownRecord): UnknownRecord {
  const entries = Object.entries(body);
  if (!entries.some(([key]) => isFlatKey(key))) return body;
  const root = createNode();
  for (const [key, value] of entries) {
    if (isFlatKey(key)) setAt(root, key, value);
    else root[key] = value;
  }
  return root;
}
