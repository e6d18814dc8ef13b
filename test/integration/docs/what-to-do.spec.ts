import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { accountStatuses, alertKinds, alerts, errorCodes, runStates, toAlertText, toRecoveryText } from '#domain';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** The rows of the first table below a heading, by the code in their first cell. */
function rowsBelow(text: string, heading: string): ReadonlyMap<string, readonly string[]> {
  const [, below = ''] = text.split(`${heading}\n`);
  const section = below.split(/^#{2,3} /m)[0] ?? '';
  const [, body = ''] = section.split(/^\| ---.*\n/m);
  const rows = body.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(rows.map((line) => line.slice(2, -2).split(/ ?\| ?/)).map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells]));
}

const operations = read('OPERATIONS.md');
const monitoring = read('MONITORING.md');

describe('docs/OPERATIONS.md, "What to do when"', () => {
  it.each([
    ['### An account has the status', accountStatuses],
    ['### A run has the state', runStates],
    ['### Readiness shows', ['ready', 'degraded', 'not_ready']],
    ['### An alert has the kind', alertKinds],
  ])('has one entry for each code below "%s"', (heading, codes) => {
    const rows = rowsBelow(operations, heading);
    expect([...rows.keys()].sort()).toEqual([...codes].sort());
    expect([...rows.values()].filter(([remedy = '']) => remedy.length < 5)).toEqual([]);
  });

  it('names a page that has one entry for each error code', () => {
    expect(operations).toContain('(ERRORS.md)');
    const text = read('ERRORS.md');
    expect(errorCodes.filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
  });
});

describe('docs/MONITORING.md', () => {
  it('says for each alert when it is raised and when it has recovered', () => {
    const rows = rowsBelow(monitoring, '## Alerts');
    expect([...rows.keys()].sort()).toEqual([...alertKinds].sort());
    expect([...rows].filter(([, [raised = '', recovered = '']]) => raised.length < 5 || recovered.length < 5)).toEqual([]);
  });

  it('shows the text of an alert as the service writes it', () => {
    const alert = alerts.runFailed(12_345_678, '5f1d', 'kommo_rejected');
    expect(monitoring).toContain(`"text": "${toAlertText(alert)}"`);
    expect(toRecoveryText(alert)).toBe('A later run of account 12345678 was completed.');
  });
});
