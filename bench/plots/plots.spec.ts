import { describe, expect, it } from '@jest/globals';
import type { RepeatedLine, Result } from '../result.js';
import { drawPlots } from './plots.js';

const point = (x: number, y: number) => ({ x, y, lowest: y - 1, highest: y + 1 });
const bare: RepeatedLine = { plot: 'hooks', panel: 'worker running', name: 'bare route', points: [point(1, 2_000), point(64, 8_000)] };
const ours: RepeatedLine = { ...bare, name: 'SQLite', points: [point(1, 900), point(64, 5_000)] };
const responses: RepeatedLine = { plot: 'responses', panel: 'MariaDB', name: '200 hooks/s', points: [point(0, 2), point(99.9, 40)] };

const draw = (...lines: RepeatedLine[]) => {
  const result: Result = { machine: 'a machine', date: '2026-11-27', isQuick: false, runs: 3, figures: [], lines };
  return drawPlots(result);
};
const textsOf = (svg = '') => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);

describe('drawPlots', () => {
  it('draws a plot for each group of lines', () => {
    expect([...draw(bare, ours, responses).keys()]).toEqual(['hooks', 'responses']);
  });

  it('names the panel, the lines and the goal, and states command, runs, machine and day', () => {
    const texts = textsOf(draw(bare, ours).get('hooks'));
    expect(texts).toEqual(expect.arrayContaining(['worker running: hooks/s', 'bare route', 'SQLite', 'goal: 0.5 × bare route']));
    expect(texts.join()).toContain('npm run bench -- hooks (median of 3 runs; shaded: lowest to highest). a machine; 2026-11-27');
  });

  it('gives 90 %, 99 % and 99.9 % of the hooks equal distances', () => {
    const svg = draw(responses).get('responses') ?? '';
    const xOf = (label: string) => Number(new RegExp(`translate\\(([\\d.]+) [\\d.]+\\)"[^>]*>${label}<`).exec(svg)?.[1]);
    expect(xOf('99 %') - xOf('90 %')).toBeGreaterThan(0);
    expect(xOf('99.9 %') - xOf('99 %')).toBeCloseTo(xOf('99 %') - xOf('90 %'), 0);
  });

  it('follows a dark theme', () => {
    expect(draw(bare).get('hooks')).toContain('@media (prefers-color-scheme:dark){[fill="#ffffff"]{fill:#0d1117}');
  });
});
