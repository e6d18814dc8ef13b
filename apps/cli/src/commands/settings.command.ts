import { InvalidInputError } from '#domain';
import { SettingsChanges, type SettingsView } from '#sync';
import type { CommandContext } from '../command-context.js';
import type { CommandResult } from '../output/result.js';
import { renderTable } from '../output/table.js';
import type { OutputStream } from '../output/terminal.js';
import { didYouMean } from './known-word.js';
import { withSync } from './with-sync.js';

/** A value is JSON where it can be, else a text: `true`, `["a","b"]`, `null`, `Newsletter`. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseChange(text: string): readonly [string, unknown] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidInputError(`${text} is no change: write name=value`);
  return [text.slice(0, equals).trim(), parseValue(text.slice(equals + 1))];
}

function assertKnown(names: readonly string[], known: readonly string[]): void {
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new InvalidInputError(`${wrong} is no setting${didYouMean(wrong, known) || `; the settings are ${known.join(', ')}`}`);
}

function toLines(stream: OutputStream, { settings, would_add, would_remove, run_id }: SettingsView, isChange: boolean): string[] {
  const rows = Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]);
  return [
    ...renderTable(stream, ['setting', 'value'], rows),
    ...(isChange ? [`Addresses to add: ${would_add}; to remove: ${would_remove}.`] : []),
    ...(run_id === null ? [] : [`Run ${run_id} applies the change.`]),
  ];
}

/** Shows or changes the settings of an account. Throws InvalidInputError that names every bad setting, and AccountBlockedError. */
export async function runSettings(
  context: CommandContext,
  { account, changes, preview = false }: { readonly account: number; readonly changes: readonly string[]; readonly preview?: boolean },
): Promise<CommandResult> {
  const isChange = changes.length > 0;
  const change = Object.fromEntries(changes.map(parseChange));
  const view = await withSync(context, async (session) => {
    const accountId = await session.findAccountId(account);
    const service = session.get(SettingsChanges);
    const current = await service.read(accountId);
    if (!isChange) return current;
    assertKnown(Object.keys(change), Object.keys(current.settings));
    if (preview) return service.preview(accountId, change);
    return session.audited('account.settings', { accountId, names: Object.keys(change).join(',') }, () => service.save(accountId, change));
  });
  return { document: view, toLines: (stream) => toLines(stream, view, isChange) };
}
