const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  let end = json.indexOf(QUOTE, start + 1);
  while (end > 0) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = json.indexOf(QUOTE, end + 1);
  }
  return json.length;
}

function isName(json: Buffer, end: number): boolean {
  let next = end + 1;
  while (BLANKS.has(json[next] ?? 0)) next += 1;
  return json[next] === COLON;
}

/**
 * Returns a name that the outermost object of a valid JSON text has twice, if there is one: parsers disagree on which of its
 * values counts. Linear in the length of the text.
 */
export function findRepeatedName(json: Buffer): string | undefined {
  const names = new Set<string>();
  let depth = 0;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index] ?? 0;
    if (OPENING.has(byte)) depth += 1;
    if (CLOSING.has(byte)) depth -= 1;
    if (byte !== QUOTE) continue;
    const end = endOfString(json, index);
    if (depth === 1 && isName(json, end)) {
      const name = JSON.parse(json.toString('utf8', index, end + 1)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
    index = end;
  }
  return undefined;
}
