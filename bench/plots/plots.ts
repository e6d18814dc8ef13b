import type { Line } from '../bench.js';
import type { RepeatedLine, Result } from '../result.js';
import { type Chart, type ChartLine, drawChart } from './chart.js';

type Plot = Pick<Chart, 'title' | 'x' | 'y'> & {
  /** The bench that measures it. */
  readonly bench: string;
  /** Lines that show the goals of a panel. */
  readonly goals: (lines: readonly RepeatedLine[]) => readonly ChartLine[];
};

const count = new Intl.NumberFormat('en');
const whole = (value: number) => count.format(value);

/** A percentile is drawn at 1 ÷ (the part above it), so that 90 %, 99 % and 99.9 % have equal distances. */
const toRarity = (percent: number) => 100 / (100 - percent);
const toPercent = (rarity: number) => `${Number((100 - 100 / rarity).toFixed(3))} %`;
const percentileAxis = { name: 'part of the hooks', scale: 'log10', format: toPercent, min: 1, max: 1_000 } as const;

function goalLine(name: string, lines: readonly RepeatedLine[], toY: (x: number) => number): ChartLine {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  return { name, isGoal: true, points: xs.map((x) => ({ x, y: toY(x), lowest: toY(x), highest: toY(x) })) };
}

/** A goal that is a multiple of another line of the panel. */
function multiple(name: string, lines: readonly RepeatedLine[], of: string, factor: number): ChartLine[] {
  const base = lines.find((line) => line.name === of);
  const points = base?.points.map(({ x, y }) => ({ x, y: y * factor, lowest: y * factor, highest: y * factor })) ?? [];
  return points.length === 0 ? [] : [{ name, isGoal: true, points }];
}

const firstY = (lines: readonly RepeatedLine[]) => lines[0]?.points[0]?.y ?? Number.NaN;

const plots: Record<Line['plot'], Plot> = {
  hooks: {
    bench: 'hooks',
    title: 'Webhooks per second, each durable before its response',
    x: { name: 'connections', scale: 'log2', format: whole },
    y: { name: 'hooks/s', scale: 'linear', format: whole, min: 0 },
    goals: (lines) => {
      const factor = lines[0]?.panel === 'worker running' ? 0.5 : 0.7;
      return multiple(`goal: ${factor} × bare route`, lines, 'bare route', factor);
    },
  },
  responses: {
    bench: 'hooks',
    title: 'Time until the response to a webhook, worker running',
    x: percentileAxis,
    y: { name: 'ms', scale: 'log10', format: whole },
    goals: (lines) => [goalLine('goal for 99 %: 100 ms', lines, () => 100)],
  },
  queue: {
    bench: 'queue',
    title: 'Jobs per second of the queue servers, one command at a time on each connection, 64 B',
    x: { name: 'connections', scale: 'log2', format: whole },
    y: { name: 'jobs/s', scale: 'linear', format: whole, min: 0 },
    goals: () => [],
  },
  event: {
    bench: 'event',
    title: 'Processor time of one event over the size of the mirror',
    x: { name: 'contacts in the mirror', scale: 'log10', format: whole },
    y: { name: 'ms', scale: 'linear', format: whole, min: 0 },
    goals: (lines) => [goalLine('goal: 1.5 × the smallest mirror', lines, () => firstY(lines) * 1.5)],
  },
  unisender: {
    bench: 'event',
    title: 'Time from a webhook until its call to Unisender',
    x: percentileAxis,
    y: { name: 'ms', scale: 'linear', format: whole, min: 0 },
    goals: () => [],
  },
  memory: {
    bench: 'memory',
    title: 'Peak resident memory of the worker over the size of the import',
    x: { name: 'contacts', scale: 'log10', format: whole },
    y: { name: 'MiB', scale: 'linear', format: whole, min: 0 },
    goals: (lines) => [
      goalLine('goal: 200 MiB', lines, () => 200),
      { ...goalLine('goal: 1.3 × the smallest import', lines, () => firstY(lines) * 1.3), isNamedAtStart: true },
    ],
  },
};

function draw(name: Line['plot'], result: Result): string {
  const { bench, title, x, y, goals } = plots[name];
  const own = result.lines.filter(({ plot }) => plot === name);
  const panels = [...new Set(own.map(({ panel }) => panel))].map((panel) => {
    const lines = own.filter((line) => line.panel === panel);
    const all: ChartLine[] = [...lines, ...goals(lines)];
    const points = (line: ChartLine) => line.points.map((point) => (x === percentileAxis ? { ...point, x: toRarity(point.x) } : point));
    return { name: panel, lines: all.map((line) => ({ ...line, points: points(line) })) };
  });
  const runs = result.runs > 1 ? ` (median of ${result.runs} runs; shaded: lowest to highest)` : '';
  return drawChart({ title, x, y, panels, caption: `npm run bench -- ${bench}${runs}. ${result.machine}; ${result.date}` });
}

/** Draws every plot that the result has lines of. Returns SVG documents by the plot's name. */
export function drawPlots(result: Result): Map<Line['plot'], string> {
  const names = new Set(result.lines.map(({ plot }) => plot));
  return new Map([...names].map((name) => [name, draw(name, result)]));
}
