import fc from 'fast-check';
import type { Turn } from './lockstep.js';

/** Limit for bodies. It is small, so that refused bodies cost little. */
export const maxJobBytes = 600;

/** A command with exactly one reply. `<n>` means the id that is n below the newest. */
type Template = string;

/** A delay of 0, or one that never ends during a script. */
const delaySeconds = fc.constantFrom(0, 0, 0, 1_000_000, 4_294_967_295);
const priority = fc.constantFrom(0, 1, 1, 5, 1023, 1024, 4_294_967_295);
const timeToRun = fc.constantFrom(1_000, 4_294_967_295);
const tube = fc.constantFrom('default', 'a', 'b', 'c', 'x'.repeat(200), '-a', 'a b', 'x'.repeat(201), '$(+)/;._0', 'é', '');
const goodTube = fc.constantFrom('default', 'a', 'a', 'b', 'c');
const id = fc.oneof(
  { weight: 12, arbitrary: fc.nat(14).map((below) => `<${below}>`) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '00001', '1x', '', '999999', '18446744073709551615', '18446744073709551616') },
);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((body) => Buffer.from(body).toString('latin1'));

const goodPut = fc
  .tuple(priority, delaySeconds, timeToRun, bytes(20))
  .map(([pri, delay, ttr, body]) => `put ${pri} ${delay} ${ttr} ${body.length}\r\n${body}\r\n`);

const otherPut = fc.oneof(
  fc.constantFrom(
    'put 1 0 1000 3\r\nabcXY',
    'put 1 0 1000 0\r\n\n\r',
    `put 1 0 1000 ${maxJobBytes}\r\n${'z'.repeat(maxJobBytes)}\r\n`,
    `put 1 0 1000 ${maxJobBytes + 1}\r\n${'z'.repeat(maxJobBytes + 3)}`,
    `put 1 0 1000 ${maxJobBytes + 1} trailing\r\n${'z'.repeat(maxJobBytes + 3)}`,
    'put 1 0 1000 3 \r\n',
    'put 1 0 1000\r\n',
    'put -1 0 1000 1\r\n',
    'put 1 4294967296 1000 1\r\n',
    'put  2   0  1000   2\r\nhi\r\n',
    'put 1 0 1000 99999999999999999999\r\n',
  ),
);

const badNumber = fc.constantFrom('-1', '4294967296', '1e9', '', ' 700000', '00700000', '9'.repeat(30));
const number = fc.oneof(priority.map(String), badNumber);

const work = fc.oneof(
  { weight: 6, arbitrary: fc.constant('reserve-with-timeout 0\r\n') },
  { weight: 2, arbitrary: id.map((job) => `reserve-job ${job}\r\n`) },
  { weight: 4, arbitrary: id.map((job) => `delete ${job}\r\n`) },
  { weight: 3, arbitrary: fc.tuple(id, priority, delaySeconds).map(([job, pri, delay]) => `release ${job} ${pri} ${delay}\r\n`) },
  { weight: 3, arbitrary: fc.tuple(id, priority).map(([job, pri]) => `bury ${job} ${pri}\r\n`) },
  { weight: 1, arbitrary: id.map((job) => `touch ${job}\r\n`) },
  { weight: 1, arbitrary: fc.tuple(id, number, badNumber).map(([job, pri, delay]) => `release ${job} ${pri} ${delay}\r\n`) },
);

const kickOrPause = fc.oneof(
  fc.nat(4).map((bound) => `kick ${bound}\r\n`),
  id.map((job) => `kick-job ${job}\r\n`),
  fc.tuple(goodTube, fc.constantFrom(0, 0, 1_000_000)).map(([name, pause]) => `pause-tube ${name} ${pause}\r\n`),
  fc.tuple(tube, badNumber).map(([name, pause]) => `pause-tube ${name} ${pause}\r\n`),
);

const inspect = fc.oneof(
  id.map((job) => `peek ${job}\r\n`),
  fc.constantFrom('peek-ready', 'peek-delayed', 'peek-buried').map((command) => `${command}\r\n`),
  id.map((job) => `stats-job ${job}\r\n`),
  tube.map((name) => `stats-tube ${name}\r\n`),
  goodTube.map((name) => `stats-tube ${name}\r\n`),
  fc.constantFrom('stats', 'list-tubes', 'list-tube-used', 'list-tubes-watched').map((command) => `${command}\r\n`),
);

const names = fc
  .tuple(fc.constantFrom('use', 'watch', 'ignore'), fc.oneof(goodTube, goodTube, tube))
  .map(([word, name]) => `${word} ${name}\r\n`);

/** One line: a CR in the text is replaced. */
const line = (text: string) => `${text.replaceAll('\r', 'R')}\r\n`;

const garbage = fc.oneof(
  bytes(30).map((text) => line(`~${text}`)),
  fc
    .tuple(fc.constantFrom('delete', 'peek', 'kick', 'stats', 'list-tubes', 'touch', 'reserve', 'use', 'bury 1'), bytes(4))
    .map(([word, text]) => line(`${word}!${text}`)),
  fc.constantFrom(
    '\r\n',
    ' stats\r\n',
    'STATS\r\n',
    'statsx\r\n',
    'kick 1x\r\n',
    'kick 0 0\r\n',
    'reserve-with-timeout x\r\n',
    'reserve-with-timeout 0x\r\n',
    'peek-ready \r\n',
  ),
  fc.constantFrom(222, 230, 300, 500).map((length) => `${'y'.repeat(length)}\r\n`),
);

/** The server examines 224 bytes at a time and misses a line end across two of these blocks: such a line gets no reply. */
const hasVisibleLineEnd = (text: string) => text.indexOf('\r\n') % 224 !== 223;

const command: fc.Arbitrary<Template> = fc
  .oneof(
    { weight: 10, arbitrary: goodPut },
    { weight: 1, arbitrary: otherPut },
    { weight: 14, arbitrary: work },
    { weight: 4, arbitrary: kickOrPause },
    { weight: 7, arbitrary: inspect },
    { weight: 4, arbitrary: names },
    { weight: 1, arbitrary: garbage },
  )
  .filter(hasVisibleLineEnd);

const client = fc.nat(3);

/** One step of a script. */
export interface Step {
  readonly client: number;
  readonly kind: Turn['kind'];
  readonly commands: readonly Template[];
  /** The text is sent in pieces of that many bytes; 0 sends it whole. */
  readonly pieceBytes: number;
}

/** beanstalkd ends a pause at its next check of the time: a command right behind may be served before or after the waiting clients. */
const endsPause = /^pause-tube \S+ 0\r\n$/;

const upToEndOfPause = (commands: readonly Template[]) => {
  const end = commands.findIndex((one) => endsPause.test(one));
  return end < 0 ? commands : commands.slice(0, end + 1);
};

const step = (kind: Turn['kind'], commands: fc.Arbitrary<readonly Template[]>): fc.Arbitrary<Step> =>
  fc.record({ client, kind: fc.constant(kind), commands, pieceBytes: fc.constantFrom(0, 0, 0, 7, 64) });

/** Random histories of up to four clients. */
export const randomScript = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: step('send', fc.array(command, { minLength: 1, maxLength: 16, size: 'max' }).map(upToEndOfPause)) },
    {
      weight: 3,
      arbitrary: step('reserve', fc.constantFrom(['reserve\r\n'], ['reserve-with-timeout 1000000\r\n'], ['reserve-with-timeout -1\r\n'])),
    },
    { weight: 1, arbitrary: step('close', fc.constant([])) },
    { weight: 1, arbitrary: step('quit', fc.constant([])) },
  ),
  { maxLength: 160, size: 'max' },
);

/** A put with a valid command line: it uses up an id when its body is not too large. */
const matchPut = (text: string) => /^put +[\d]+ +[\d]+ +[\d]+ +(\d+)\r\n/.exec(text);

/** Turns a script into turns with real ids. */
export function toTurns(script: readonly Step[]): Turn[] {
  let newestId = 0;
  const fill = (template: Template) => {
    const bodyBytes = matchPut(template)?.[1];
    if (bodyBytes !== undefined && Number(bodyBytes) <= maxJobBytes) newestId += 1;
    return bodyBytes === undefined
      ? template.replace(/<(\d+)>/g, (_, below: string) => String(Math.max(1, newestId - Number(below))))
      : template;
  };
  return script.map((one) => toTurn(one, one.commands.map(fill)));
}

function toTurn({ client, kind, pieceBytes }: Step, lines: readonly string[]): Turn {
  if (kind === 'close' || kind === 'quit') return { client, kind };
  return { client, kind, pieces: cut(lines.join(''), pieceBytes), replies: lines.length };
}

function cut(text: string, pieceBytes: number): string[] {
  if (pieceBytes === 0) return [text];
  return Array.from({ length: Math.ceil(text.length / pieceBytes) }, (_, index) =>
    text.slice(index * pieceBytes, (index + 1) * pieceBytes),
  );
}
