import { parseJson } from './unknown-value.js';

/** How much a JSON text may hold. */
export interface JsonLimits {
  /** Names of objects and items of lists, on all levels. */
  readonly maxItems: number;
  /** Nested lists and objects. */
  readonly maxDepth: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

const isOpening = (code: number): boolean => code === 0x5b || code === 0x7b;
const isClosing = (code: number): boolean => code === 0x5d || code === 0x7d;

/** Whether an odd number of backslashes stands before the quote at `index`: then the quote belongs to the string. */
function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (index - first) % 2 === 1;
}

/** Returns the index of the closing quote, or the length of the text when there is none. */
function endOfString(text: string, start: number): number {
  for (let index = text.indexOf('"', start + 1); index >= 0; index = text.indexOf('"', index + 1)) {
    if (!isEscaped(text, index)) return index;
  }
  return text.length;
}

/**
 * Returns which limit a JSON text exceeds; undefined when it exceeds none. It builds nothing: `JSON.parse` needs seconds and
 * hundreds of megabytes for a few megabytes of brackets. A text that is not JSON may exceed a limit or not.
 */
export function findJsonExcess(text: string, { maxItems, maxDepth }: JsonLimits): 'depth' | 'items' | undefined {
  let items = 0;
  let depth = 0;
  let isFirst = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= SPACE) continue;
    if (code === COMMA || (isFirst && !isClosing(code))) items += 1;
    isFirst = isOpening(code);
    if (isFirst) depth += 1;
    else if (isClosing(code)) depth -= 1;
    else if (code === QUOTE) index = endOfString(text, index);
    if (depth > maxDepth) return 'depth';
    if (items > maxItems) return 'items';
  }
  return undefined;
}

/** Parses a text of foreign origin. Undefined when it is not JSON, or exceeds the limits. */
export function parseJsonWithin(text: string, limits: JsonLimits): unknown {
  return findJsonExcess(text, limits) === undefined ? parseJson(text) : undefined;
}
