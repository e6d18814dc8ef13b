import * as echarts from 'echarts';

/** A point with the range of its value over several runs. */
interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A line of a panel. */
export interface ChartLine {
  readonly name: string;
  readonly points: readonly ChartPoint[];
  /** A dashed line without a range, with its name beside it. */
  readonly isGoal?: boolean;
  readonly isNamedAtStart?: boolean;
}

/** An axis. Its labels are `format` of the ticks. */
export interface Axis {
  readonly name: string;
  readonly scale: 'linear' | 'log2' | 'log10';
  readonly format: (value: number) => string;
  readonly min?: number;
  readonly max?: number;
}

/** A chart of one or several panels in a row, which share their axes' names and scales. */
export interface Chart {
  readonly title: string;
  readonly caption: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly panels: readonly { readonly name: string; readonly lines: readonly ChartLine[] }[];
}

const WIDTH = 960;
const HEIGHT = 460;
const TOP = 98;
const BOTTOM = 84;
const LEFT = 66;
const GAP = 70;
const RIGHT = 44;
const MARGIN = 24;

/** Each colour on a light and on a dark page. The series are those of Okabe and Ito, which colour-blind readers can tell apart. */
const palette = {
  background: ['#ffffff', '#0d1117'],
  text: ['#1f2328', '#e6edf3'],
  muted: ['#59636e', '#9198a1'],
  grid: ['#d8dee4', '#2a3038'],
  goal: ['#b42318', '#ff8a80'],
} as const;
const seriesColors = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff9c5b'],
  ['#00875f', '#35c79a'],
  ['#a8508a', '#e394c4'],
] as const;

const color = (name: keyof typeof palette): string => palette[name][0];

/** Changes the colours of the light theme for readers with a dark one. */
function toDarkStyle(): string {
  const pairs = [...Object.values(palette), ...seriesColors];
  const rules = pairs.map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`);
  return `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`;
}

const font = { fontFamily: 'Helvetica, Arial, sans-serif', color: color('text') };

function toAxis({ name, scale, format, min, max }: Axis, gridIndex: number, isX: boolean): object {
  return {
    gridIndex,
    name: isX ? name : '',
    type: scale === 'linear' ? 'value' : 'log',
    logBase: scale === 'log2' ? 2 : 10,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { ...font, color: color('muted') },
    axisLabel: { ...font, color: color('muted'), formatter: format },
    axisLine: { show: isX, lineStyle: { color: color('muted') } },
    axisTick: { show: isX, lineStyle: { color: color('muted') } },
    splitLine: { show: !isX, lineStyle: { color: color('grid') } },
    minorSplitLine: { show: false },
    min: min ?? (isX ? 'dataMin' : undefined),
    max: max ?? (isX ? 'dataMax' : undefined),
  };
}

/** The same upper end for the axis of every panel: a round number. */
function toMax(panels: Chart['panels']): number {
  const max = Math.max(...panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(({ highest }) => highest))));
  const power = 10 ** Math.floor(Math.log10(max));
  const step = max > 4 * power ? power : power / 2;
  return Math.ceil(max / step) * step;
}

/** A dashed line with its name above one end. */
function toGoalSeries({ name, points, isNamedAtStart = false }: ChartLine, at: object): object[] {
  const border = { textBorderColor: color('background'), textBorderWidth: 4 };
  const align = isNamedAtStart ? 'left' : 'right';
  const label = { show: true, formatter: name, position: 'top', align, ...font, color: color('goal'), ...border };
  const named = isNamedAtStart ? 0 : points.length - 1;
  const data = points.map(({ x, y }, index) => ({ value: [x, y], label: index === named ? label : { show: false } }));
  const lineStyle = { color: color('goal'), width: 1.5, type: [6, 4] };
  return [{ ...at, name, type: 'line', data, symbolSize: 0, itemStyle: { color: color('goal') }, lineStyle }];
}

/** A line, and behind it a band from the lowest to the highest value. */
function toSeries({ name, points }: ChartLine, at: object, own: string): object[] {
  const line = {
    ...at,
    name,
    type: 'line',
    data: points.map(({ x, y }) => [x, y]),
    showSymbol: points.length < 12,
    symbol: 'circle',
    symbolSize: 7,
    itemStyle: { color: own },
    lineStyle: { color: own, width: 2.5 },
  };
  const band = {
    ...at,
    name,
    type: 'custom',
    silent: true,
    itemStyle: { color: own },
    data: points.map(({ x, highest }) => [x, highest]),
    renderItem: ({ dataIndex }: echarts.CustomSeriesRenderItemParams, api: echarts.CustomSeriesRenderItemAPI) => {
      if (dataIndex > 0) return null;
      const upper = points.map(({ x, highest }) => api.coord([x, highest]));
      const lower = points.map(({ x, lowest }) => api.coord([x, lowest])).reverse();
      return { type: 'polygon', shape: { points: [...upper, ...lower] }, style: { fill: own, opacity: 0.18 } };
    },
  };
  return points.some(({ lowest, highest }) => lowest < highest) ? [band, line] : [line];
}

function toPanelSeries(line: ChartLine, panel: number, names: readonly string[]): object[] {
  const at = { xAxisIndex: panel, yAxisIndex: panel };
  const own = seriesColors[names.indexOf(line.name) % seriesColors.length]?.[0] ?? color('text');
  return line.isGoal ? toGoalSeries(line, at) : toSeries(line, at, own);
}

/** Draws a chart as an SVG document that follows the theme of its reader. */
export function drawChart({ title, caption, x, y, panels }: Chart): string {
  const width = (WIDTH - LEFT - RIGHT - GAP * (panels.length - 1)) / panels.length;
  const lefts = panels.map((_, panel) => LEFT + panel * (width + GAP));
  const names = [...new Set(panels.flatMap(({ lines }) => lines.filter(({ isGoal }) => !isGoal).map(({ name }) => name)))];
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: color('background'),
    textStyle: font,
    title: [
      { text: title, left: MARGIN, top: 14, padding: 0, textStyle: { ...font, fontSize: 18, fontWeight: 600 } },
      ...panels.map(({ name }, panel) => ({
        text: `${name}: ${y.name}`,
        left: lefts[panel],
        top: TOP - 26,
        padding: 0,
        textStyle: { ...font, fontSize: 13, fontWeight: 600, color: color('muted') },
      })),
      { text: caption, left: MARGIN, bottom: 12, padding: 0, textStyle: { ...font, fontSize: 11, fontWeight: 400, color: color('muted') } },
    ],
    legend: {
      data: names,
      top: 42,
      left: MARGIN,
      padding: 0,
      icon: 'roundRect',
      itemWidth: 18,
      itemHeight: 4,
      itemGap: 32,
      textStyle: { ...font, fontSize: 13 },
    },
    grid: lefts.map((left) => ({ left, width, top: TOP, bottom: BOTTOM })),
    xAxis: panels.map((_, panel) => toAxis(x, panel, true)),
    yAxis: panels.map((_, panel) => toAxis({ max: toMax(panels), ...y }, panel, false)),
    series: panels.flatMap(({ lines }, panel) => lines.flatMap((line) => toPanelSeries(line, panel, names))),
  });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return `${svg.replace('>', `>${toDarkStyle()}`)}\n`;
}
