import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { formatRate } from '../text/format.js';

interface ChartLine {
  readonly label: string;
  /** The custom property of its colour. */
  readonly color: '--chart-1' | '--chart-2';
  readonly values: readonly number[];
}

interface ChartProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly unit: string;
}

const HEIGHT_PX = 120;
const SHOWN_SECONDS = 600;

/** The last minutes, also while there are few points. */
function toTimeRange(_chart: uPlot, _first: number | null, last: number | null): [number, number] {
  const end = last ?? Date.now() / 1000;
  return [end - SHOWN_SECONDS, end];
}

const colorOf = (property: string) => getComputedStyle(document.documentElement).getPropertyValue(property).trim();

function toOptions(width: number, lines: ChartProps['lines']): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colorOf('--text-quiet'),
    grid: { stroke: () => colorOf('--border'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { range: toTimeRange }, y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      { ...axis, size: 22, space: 80, values: [[60, '{HH}:{mm}', null, null, null, null, null, null, 1]] },
      { ...axis, size: 38, space: 32 },
    ],
    series: [{}, ...lines.map(({ label, color }) => ({ label, stroke: () => colorOf(color), width: 2, points: { show: false } }))],
  };
}

/** A chart of the last minutes. Screen readers get the newest values as text. */
export function Chart({ title, times, lines, unit }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const names = lines.map(({ label }) => label).join();

  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const plot = new uPlot(toOptions(element.clientWidth, lines), [[], ...lines.map(() => [])], element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    const redraw = () => plot.redraw();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    const themes = new MutationObserver(redraw);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      observer.disconnect();
      themes.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
      chart.current = null;
    };
    // The lines are set by the next effect; only other names need another chart.
  }, [names]);

  useEffect(() => {
    chart.current?.setData([[...times], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData);
  }, [times, lines]);

  return (
    <figure className="chart">
      <figcaption className="chart__title">{title}</figcaption>
      <ul className="chart__legend">
        {lines.map(({ label, color, values }) => (
          <li key={label} className={`chart__line chart__line--${color.slice(-1)}`}>
            {label} <strong>{formatRate(values.at(-1) ?? 0)}</strong> {unit}
          </li>
        ))}
      </ul>
      <div ref={holder} className="chart__canvas" aria-hidden="true" />
    </figure>
  );
}
