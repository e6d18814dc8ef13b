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

/** Returns the index of the closing quote, or the length of the text when there is none. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE) break;
  }
  return index;
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
