import { bodyTooComplex, isDangerousName } from './body-limits.js';
import { decodeFormText } from './form-pairs.js';

/** How a key leads to its value. */
export interface FormKey {
  /** The names from the outermost to the last. */
  readonly path: readonly string[];
  /** The last name. */
  readonly name: string;
  /** The same number for keys that differ in the last name only; {@link NO_PARENT} where the same key leads to another place each time. */
  readonly parent: number;
  /** Whether a name reaches a prototype. */
  readonly isDangerous: boolean;
}

/** The parent of a key with a single name, or with `[]` in it. */
export const NO_PARENT = 0;

const MAX_KEPT_KEYS = 5_000;
const MAX_KEPT_LENGTH = 200;
/** The keys of a large form rarely come again, and would replace all others. */
const MAX_KEPT_OF_FORM = 1_000;

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

const toKey = (path: readonly string[], parent: number): FormKey => ({
  path,
  name: path.at(-1) ?? '',
  parent,
  isDangerous: path.some(isDangerousName),
});

/** The keys of forms as they were sent, and how each is read. Keeps up to 5,000 keys. */
export class FormKeys {
  private readonly kept = new Map<string, FormKey>();
  private readonly parents = new Map<string, number>();
  private lastParent = NO_PARENT;

  /**
   * Reads a raw key, which is number `position` of its form. Throws InvalidInputError: `bad_body` for a broken escape,
   * `body_too_complex` for more than `maxDepth` levels.
   */
  read(rawKey: string, maxDepth: number, position: number): FormKey {
    const known = this.kept.get(rawKey);
    if (known) return known;
    if (rawKey.length > MAX_KEPT_LENGTH || position > MAX_KEPT_OF_FORM) {
      return toKey(splitKey(decodeFormText(rawKey), maxDepth), NO_PARENT);
    }
    // A copy: the key is a view of the whole form, which would stay in memory.
    const copy = Buffer.from(rawKey).toString();
    const path = splitKey(decodeFormText(copy), maxDepth);
    this.makeRoom();
    const key = toKey(path, this.parentOf(path));
    this.kept.set(copy, key);
    return key;
  }

  private makeRoom(): void {
    if (this.kept.size < MAX_KEPT_KEYS) return;
    this.kept.clear();
    this.parents.clear();
  }

  private parentOf(path: readonly string[]): number {
    if (path.length === 1 || path.includes('')) return NO_PARENT;
    const names = JSON.stringify(path.slice(0, -1));
    const known = this.parents.get(names);
    if (known !== undefined) return known;
    this.lastParent += 1;
    this.parents.set(names, this.lastParent);
    return this.lastParent;
  }
}
