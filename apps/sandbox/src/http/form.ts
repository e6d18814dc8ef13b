/** A PHP-style array of form values. It has no prototype, so `__proto__` is an ordinary key. */
export interface FormTree {
  [key: string]: FormValue;
}
/** A text or a nested array. */
export type FormValue = string | FormTree;

const maxDepth = 16;
const nextIndexes = new WeakMap<FormTree, number>();

/** Creates a form without values. */
export function emptyForm(): FormTree {
  return Object.create(null) as FormTree;
}

/** Parses `a=1&b[0][c]=2&d[]=3` with encoded or literal brackets. An invalid percent sign stays unchanged. */
export function parseForm(text: string): FormTree {
  const root = emptyForm();
  let start = 0;
  while (start < text.length) {
    const ampersand = text.indexOf('&', start);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end > start) addPair(root, text.slice(start, end));
    start = end + 1;
  }
  return root;
}

/** Parses the parts of a multipart body. Files are read as text. */
export function parseMultipart(body: Buffer, contentType: string): FormTree {
  const root = emptyForm();
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return root;
  for (const part of body.toString('utf8').split(`--${boundary}`).slice(1, -1)) {
    const headEnd = part.indexOf('\r\n\r\n');
    const name = /name="([^"]*)"/i.exec(part.slice(0, headEnd))?.[1];
    if (name !== undefined) addField(root, name, part.slice(headEnd + 4, -2));
  }
  return root;
}

/** Adds the value of one key such as `a[b][]` to the tree. */
function addField(root: FormTree, key: string, value: string): void {
  const path = splitKey(key);
  let tree = root;
  for (const step of path.slice(0, -1)) tree = childOf(tree, step);
  const last = path.at(-1) ?? '';
  tree[last === '' && path.length > 1 ? takeIndex(tree) : noteIndex(tree, last)] = value;
}

function addPair(root: FormTree, pair: string): void {
  const equals = pair.indexOf('=');
  if (equals < 0) addField(root, decode(pair), '');
  else addField(root, decode(pair.slice(0, equals)), decode(pair.slice(equals + 1)));
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function splitKey(key: string): string[] {
  const open = key.indexOf('[');
  if (open <= 0) return [key];
  const path = [key.slice(0, open)];
  let at = open;
  while (key[at] === '[' && path.length < maxDepth) {
    const close = key.indexOf(']', at);
    if (close < 0) break;
    path.push(key.slice(at + 1, close));
    at = close + 1;
  }
  return path;
}

function childOf(tree: FormTree, step: string): FormTree {
  const key = step === '' ? takeIndex(tree) : noteIndex(tree, step);
  const existing = tree[key];
  if (typeof existing === 'object') return existing;
  const child = emptyForm();
  tree[key] = child;
  return child;
}

function takeIndex(tree: FormTree): string {
  const index = nextIndexes.get(tree) ?? 0;
  nextIndexes.set(tree, index + 1);
  return String(index);
}

function noteIndex(tree: FormTree, key: string): string {
  const code = key.charCodeAt(0);
  if (code >= 48 && code <= 57) {
    const index = Number(key);
    if (Number.isSafeInteger(index) && index >= (nextIndexes.get(tree) ?? 0)) nextIndexes.set(tree, index + 1);
  }
  return key;
}

/** The text of a key. Undefined when it is absent or an array. */
export function textOf(tree: FormTree, key: string): string | undefined {
  const value = tree[key];
  return typeof value === 'string' ? value : undefined;
}

/** The values of a key in key order: the items of an array, or a single text as the only item. */
export function itemsOf(tree: FormTree, key: string): FormValue[] {
  const value = tree[key];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : Object.values(value);
}
