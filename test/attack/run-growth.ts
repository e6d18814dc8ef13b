import { type Growth, measureGrowth } from './growth.js';
import { countedInputs, type HostileInput, inFrame, repeatedBytes, repeatedEscapes, repeatedFragments } from './hostile-inputs.js';
import { type Parser, parsers } from './parsers.js';

interface GrowthOptions {
  readonly only: string | undefined;
  /** Tries single characters only. */
  readonly isQuick: boolean;
  readonly print: (line: string) => void;
}

type Inputs = readonly HostileInput[];

const all: Inputs = [...repeatedBytes, ...repeatedEscapes, ...repeatedFragments, ...countedInputs];

/** ASCII, and each kind of byte in UTF-8. */
const UTF8 = [0x80, 0xbf, 0xc3, 0xd0, 0xe2, 0xed, 0xef, 0xf0, 0xff];
const characters: Inputs = repeatedBytes.filter((_, byte) => byte < 0x80 || UTF8.includes(byte));
/** Inside a name or a value, letters and control characters do not differ from each other. */
const marks: Inputs = characters.filter((input) => /[!-/:-@[-`{-~ 0a]/.test(input.of(1).toString('latin1')));

/** What the parser gets in each frame: with `isQuick` every character at the beginning, and every mark inside. */
function inputsFor(parser: Parser, frame: number, isQuick: boolean): Inputs {
  if (!isQuick) return all;
  return frame > 0 || parser.isFromVendor === true ? marks : characters;
}

interface Measured extends Growth {
  readonly name: string;
}

async function measureAll(parser: Parser, isQuick: boolean): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const [index, frame] of parser.frames.entries()) {
    for (const input of inputsFor(parser, index, isQuick)) {
      measured.push({ name: `${input.name} in ${JSON.stringify(frame)}`, ...(await measureGrowth(parser, inFrame(input, frame))) });
    }
  }
  return measured;
}

const describe = ({ name, halfMs, fullMs }: Measured) => `${name}: ${halfMs?.toFixed(1) ?? '?'} → ${fullMs.toFixed(1)} ms`;

/**
 * Times every parser at its largest size, with each byte, escape and fragment repeated, and at half of it. Prints the slowest of each
 * parser. Returns the exit code: 1 when twice the input took more than 2.5 times as long.
 */
export async function runGrowth({ only, isQuick, print }: GrowthOptions): Promise<number> {
  let failed = 0;
  for (const parser of parsers) {
    if (only !== undefined && only !== parser.name) continue;
    const measured = await measureAll(parser, isQuick);
    const [slowest] = [...measured].sort((first, second) => second.fullMs - first.fullMs);
    const slow = measured.filter(({ isLinear }) => !isLinear);
    failed += slow.length;
    print(`${parser.name}: ${measured.length} inputs of ${parser.maxBytes} bytes; slowest ${slowest ? describe(slowest) : 'none'}`);
    for (const each of slow) print(`  NOT LINEAR ${describe(each)}`);
  }
  return failed === 0 ? 0 : 1;
}
