import { type Figure, isReached } from './bench.js';

const WIDTH = 960;
const LABEL_WIDTH = 460;
const BAR_WIDTH = 360;
const ROW_HEIGHT = 24;
const MARGIN = 16;
const BAR_HEIGHT = 14;

const colors = new Map([
  [true, '#2a7f4f'],
  [false, '#b3541e'],
  [undefined, '#4a6fa5'],
]);

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const goalOf = ({ goal }: Figure): number | undefined => (goal && 'atLeast' in goal ? goal.atLeast : goal?.atMost);

const text = (x: number, y: number, content: string, style = ''): string =>
  `<text x="${x}" y="${y}"${style === '' ? '' : ` ${style}`}>${escapeXml(content)}</text>`;

/** Figures of one kind, which have one scale: those of one unit whose names begin with the same words. */
const kindOf = ({ name, unit }: Figure): string => `${unit} ${/^[^\d:,]*/.exec(name)?.[0] ?? ''}`;

/** One row: the name, a bar, the value, and a line at the goal. `longest` is the value of a bar over the whole width. */
function drawRow(figure: Figure, longest: number, y: number): string[] {
  const scale = (value: number) => Math.round((value * BAR_WIDTH) / longest);
  const left = MARGIN + LABEL_WIDTH;
  const middle = y + ROW_HEIGHT / 2;
  const goal = goalOf(figure);
  const digits = figure.unit === '×' ? 2 : 1;
  const bar = `<rect x="${left}" y="${middle - BAR_HEIGHT / 2}" width="${scale(figure.value)}" height="${BAR_HEIGHT}" fill="${colors.get(isReached(figure))}"/>`;
  const lineX = goal === undefined ? undefined : left + scale(goal);
  return [
    text(MARGIN, middle + 4, figure.name),
    bar,
    text(left + BAR_WIDTH + 12, middle + 4, `${figure.value.toFixed(digits)} ${figure.unit}`),
    ...(lineX === undefined ? [] : [`<path d="M${lineX} ${y + 2}V${y + ROW_HEIGHT - 2}" stroke="#222" stroke-width="2"/>`]),
  ];
}

/**
 * Draws the figures of one bench as bars, those of one kind to one scale, with a line at each goal. Green: the goal is reached; orange:
 * it is not; blue: there is none. Returns an SVG document. `caption` is shown below.
 */
export function drawPlot(figures: readonly Figure[], caption: string): string {
  const rows = figures.flatMap((figure, index) => {
    const values = figures.filter((each) => kindOf(each) === kindOf(figure)).flatMap((each) => [each.value, goalOf(each) ?? 0]);
    return drawRow(figure, Math.max(...values), MARGIN + index * ROW_HEIGHT);
  });
  const height = 2 * MARGIN + (figures.length + 1) * ROW_HEIGHT;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#222">`;
  const background = `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`;
  return [head, background, ...rows, text(MARGIN, height - MARGIN, caption, 'font-size="11"'), '</svg>', ''].join('\n');
}
